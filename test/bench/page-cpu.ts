/** Processor time of a page's main thread, which says more than the clock where others run beside it. */
import type { CDPSession, Page } from "playwright-core";

export class PageCpu {
  readonly #session: CDPSession;
  readonly #beforeMs: number;

  private constructor(session: CDPSession, beforeMs: number) {
    this.#session = session;
    this.#beforeMs = beforeMs;
  }

  static async start(page: Page): Promise<PageCpu> {
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    return new PageCpu(session, await taskMs(session));
  }

  async end(): Promise<number> {
    const ms = (await taskMs(this.#session)) - this.#beforeMs;
    await this.#session.detach();
    return ms;
  }
}

async function taskMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0);
}
