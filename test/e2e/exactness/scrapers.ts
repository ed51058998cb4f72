/** Scrapers that run beside everything else and judge each page they get. */
import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { type Answer, wasUnderWay } from "../../harness/http-client.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { findContradictions, ScrapePage } from "./scrape-page.ts";

/** Prometheus asks for gzip unless told not to. */
const TEXT = { accept: "text/plain" };
const OPEN_METRICS = {
  accept: "application/openmetrics-text;version=1.0.0",
  "accept-encoding": "gzip",
};
/** Leaves the two cores to the load; a page of this test takes about as long. */
const PAUSE_MS = 60;

/** What the test knows of an org while it goes on. */
export interface Progress {
  /** Distinct samples that an answer has acknowledged. */
  readonly acknowledged: number;
  /** Distinct samples that left for the Worker. */
  readonly offered: number;
}

export class Scrapers {
  readonly resets: string[] = [];
  readonly contradictions: string[] = [];
  readonly stale: string[] = [];
  readonly tooMuch: string[] = [];
  readonly refused: string[] = [];
  scrapes = 0;
  interrupted = 0;
  /** Scrapes that ran out of time while folding; the watermark tells. */
  behind = 0;
  readonly #runtime: Runtime;
  readonly #org: string;
  readonly #progress: Progress;
  /** The highest value of each cumulative sample in any scrape that has ended. */
  #floor: ReadonlyMap<string, number> = new Map();
  #stopped = false;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(runtime: Runtime, org: string, progress: Progress) {
    this.#runtime = runtime;
    this.#org = org;
    this.#progress = progress;
  }

  start(count: number): void {
    this.#stopped = false;
    this.#loops = Promise.all(Array.from({ length: count }, (_, index) => this.#loop(index)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loops;
  }

  async scrape(headers: Record<string, string> = TEXT): Promise<ScrapePage | null> {
    const floor = this.#floor;
    const { acknowledged } = this.#progress;
    const startedAtMs = Date.now();
    const path = `/v1/orgs/${this.#org}/metrics`;
    const answer = await this.#runtime
      .send("GET", path, { headers })
      .catch((error: Error) => this.#interrupt(error));
    if (answer === null) return null;
    if (answer.status !== 200) {
      this.refused.push(`${answer.status} ${answer.body}`);
      return null;
    }
    const page = new ScrapePage(this.#org, unzipped(answer));
    this.#judge(page, floor, acknowledged, startedAtMs);
    return page;
  }

  #interrupt(error: Error): null {
    if (wasUnderWay(error)) this.interrupted += 1;
    return null;
  }

  async #loop(index: number): Promise<void> {
    const headers = index % 2 === 0 ? TEXT : OPEN_METRICS;
    while (!this.#stopped) {
      await this.scrape(headers);
      await delay(PAUSE_MS);
    }
  }

  #judge(
    page: ScrapePage,
    floor: ReadonlyMap<string, number>,
    acknowledged: number,
    startedAtMs: number,
  ): void {
    this.scrapes += 1;
    for (const [key, least] of floor) {
      const value = page.cumulative.get(key);
      if (value === undefined || value < least) this.resets.push(`${key}: ${value} after ${least}`);
    }
    this.contradictions.push(...findContradictions(page));
    const counted = page.sumOf("mcpg_tool_invocations_total");
    const { offered } = this.#progress;
    if (counted > offered) this.tooMuch.push(`counted ${counted} of ${offered} distinct samples`);
    if (page.watermarkMs < startedAtMs) this.behind += 1;
    else if (counted < acknowledged) {
      this.stale.push(`counted ${counted} of ${acknowledged} acknowledged before the scrape`);
    }
    this.#raiseFloor(page);
  }

  #raiseFloor(page: ScrapePage): void {
    const raised = new Map(this.#floor);
    for (const [key, value] of page.cumulative) {
      raised.set(key, Math.max(value, raised.get(key) ?? value));
    }
    this.#floor = raised;
  }
}

function unzipped({ headers, body }: Answer): Buffer {
  return headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
}
