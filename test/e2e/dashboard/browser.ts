/** Real Chromium, which tells of every violation of the page's policy. Waits are for roles and text, never for time. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { Checks } from "../checks.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** What runs in the page is text: its types are not those of the suites. */
const LIST = `({ violations }) => violations.flatMap(({ id, nodes }) =>
  nodes.map(({ html, failureSummary }) => id + ": " + html.slice(0, 200) + " " + failureSummary))`;
const TELL_VIOLATIONS = `addEventListener("securitypolicyviolation", (event) =>
  tellFault([event.violatedDirective, event.blockedURI, event.sample].join(" ")))`;

/** Two shared cores: what waits for text waits for the build, the Worker and the browser. */
const WAIT_MS_MAX = 60_000;

export const NARROW = { width: 360, height: 740 };
export const WIDE = { width: 1280, height: 800 };
export const SCHEMES = ["light", "dark"] as const;

export async function openBrowser(): Promise<Browser> {
  // Root has no sandbox.
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
}

/** A reader: a context of its own, its faults told when it closes. */
export class Reader {
  readonly page: Page;
  /** Violations of the policy, and what the page threw. */
  readonly faults: string[];

  private constructor(page: Page, faults: string[]) {
    this.page = page;
    this.faults = faults;
  }

  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions & { prepare?: (page: Page) => Promise<void> } = {},
  ): Promise<Reader> {
    const { prepare, ...contextOptions } = options;
    const context = await browser.newContext({
      viewport: WIDE,
      reducedMotion: "reduce",
      timezoneId: "Asia/Kolkata",
      locale: "en-GB",
      baseURL: url,
      ...contextOptions,
    });
    context.setDefaultTimeout(WAIT_MS_MAX);
    const faults: string[] = [];
    await context.exposeBinding("tellFault", (_source, fault: string) => void faults.push(fault));
    await context.addInitScript(TELL_VIOLATIONS);
    const page = await context.newPage();
    page.on("pageerror", (error) => faults.push(String(error.stack ?? error)));
    await prepare?.(page);
    return new Reader(page, faults);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  /** The page's text is there: its heading, that is. */
  async open(path: string, heading: string | RegExp): Promise<void> {
    await this.page.goto(path);
    await this.page.getByRole("heading", { level: 1, name: heading }).waitFor();
  }

  /** What axe finds, each as a line. */
  async axe(): Promise<string[]> {
    await this.page.evaluate(AXE);
    return this.page.evaluate(`axe.run({ runOnly: ${JSON.stringify(RULES)} }).then(${LIST})`);
  }

  /** WCAG 1.4.10: the page itself never scrolls sideways. */
  async sidewaysPx(): Promise<number> {
    return this.page.evaluate(`(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(
      document.documentElement)`);
  }

  /** Pictures for a person to look at, where MCPG_PICTURES names a folder. */
  async picture(name: string): Promise<void> {
    const folder = process.env["MCPG_PICTURES"];
    if (folder !== undefined) {
      await this.page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
    }
  }
}

/** A page is right for everybody: both schemes, wide and narrow, by axe and without a fault. */
export async function checkForAll(
  checks: Checks,
  name: string,
  open: (options: BrowserContextOptions) => Promise<Reader>,
): Promise<void> {
  const problems: string[] = [];
  for (const colorScheme of SCHEMES) {
    for (const viewport of [WIDE, NARROW]) {
      const reader = await open({ colorScheme, viewport });
      const at = `${colorScheme}, ${viewport.width} px`;
      problems.push(...(await reader.axe()).map((line) => `${at}: ${line}`));
      const px = await reader.sidewaysPx();
      if (px > 0) problems.push(`${at}: ${px} px wider than the screen`);
      await reader.picture(`${name}-${colorScheme}-${viewport.width}`);
      problems.push(...reader.faults.map((fault) => `${at}: ${fault}`));
      await reader.close();
    }
  }
  checks.report(
    `${name}: axe is content in both schemes and at 360 px, and no policy is violated`,
    problems,
  );
}
