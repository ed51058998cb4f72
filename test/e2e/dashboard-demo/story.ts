/** A way through the pages: each press of a pointer is counted, and the time from the first of them. */
import type { Locator, Page } from "playwright-core";
import type { Checks } from "../checks.ts";

export class Story {
  readonly page: Page;
  readonly #beganMs = performance.now();
  readonly steps: string[] = [];

  constructor(page: Page) {
    this.page = page;
  }

  /** Following a link from elsewhere is a click, too. */
  async follow(url: string): Promise<void> {
    this.steps.push("the link");
    await this.page.goto(url);
  }

  async click(what: Locator, name: string): Promise<void> {
    this.steps.push(name);
    await what.click();
  }

  /** Into a field that has the focus. */
  async type(...words: readonly string[]): Promise<void> {
    for (const [at, text] of words.entries()) {
      if (at > 0) await this.page.keyboard.press("Tab");
      await this.page.keyboard.type(text);
    }
    await this.page.keyboard.press("Enter");
  }

  end(checks: Checks, who: string, { clicks, seconds }: { clicks: number; seconds: number }): void {
    const took = (performance.now() - this.#beganMs) / 1e3;
    const count = this.steps.length;
    const problems = [
      ...(count > clicks ? [`${count} clicks, at most ${clicks}`] : []),
      ...(took > seconds ? [`${took.toFixed(1)} s, at most ${seconds}`] : []),
    ];
    const seen = `${count} clicks: ${this.steps.join(", ")}; ${took.toFixed(1)} s by script`;
    checks.report(`${who} in ${clicks} clicks and ${seconds} s at most`, problems, seen);
  }
}
