/** Gateways that report without pause: before the first scrape one of each tool, then a steady stream. */
import { setTimeout as sleep } from "node:timers/promises";
import { type LoadSample, reportBody } from "../../harness/load.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { SentCalls } from "./sent-calls.ts";
import {
  FAST,
  FAST_SECONDS,
  FLAKY,
  flakyOutcome,
  HOSTILE,
  IDLE,
  INSTANT,
  makeCall,
  makeLateCall,
  SLOW,
  SLOW_SECONDS,
  STEADY,
  steadyDurationMs,
  steadyOutcome,
  type Tool,
} from "./tool-calls.ts";

const TICK_MS = 200;
const FLAKY_PER_TICK = 5;
const STEADY_PER_TICK = 10;
/** Every so many reports are sent twice, as a gateway does that saw no answer. */
const RESENT_EVERY = 7;

interface IngestAnswer {
  accepted: number;
  duplicates: number;
  rejected: unknown[];
}

export class FleetTraffic {
  readonly sent = new SentCalls();
  /** Answers to other effect than: new the first time, known the second. */
  readonly surprises: IngestAnswer[] = [];
  readonly #runtime: Runtime;
  readonly #path: string;
  #flaky = 0;
  #steady = 0;
  #reports = 0;
  #isStopped = false;
  #stream: Promise<void> = Promise.resolve();

  constructor(runtime: Runtime, org: string) {
    this.#runtime = runtime;
    this.#path = `/v1/orgs/${org}/invocations`;
  }

  /** Without counts to begin with, a counter's first steps are lost to `rate`: here nothing is. */
  async sendFirst(): Promise<void> {
    await this.#report([
      ...this.#flakyCalls(100),
      ...this.#steadyCalls(100),
      ...Array.from({ length: 7 }, () => makeCall(IDLE, 12.5)),
      ...Array.from({ length: 10 }, () => makeCall(INSTANT, 0)),
      ...Array.from({ length: 3 }, () => makeCall(SLOW, SLOW_SECONDS * 1e3)),
      ...Array.from({ length: 3 }, () => makeCall(FAST, FAST_SECONDS * 1e3)),
      makeLateCall(),
      ...HOSTILE.map((tool) => makeCall(tool, 20)),
    ]);
  }

  /** A tool's first and only report, whole. */
  async sendBurst(tool: Tool, calls: number, outcome: string): Promise<void> {
    await this.#report(Array.from({ length: calls }, () => makeCall(tool, 20, outcome)));
  }

  start(): void {
    this.#stream = this.#run();
    // It is `stop` that throws: until then nobody awaits the stream.
    this.#stream.catch(() => undefined);
  }

  /** Resolves once the last report is acknowledged; throws what the stream died of. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#stream;
  }

  async #run(): Promise<void> {
    let nextAtMs = performance.now();
    while (!this.#isStopped) {
      await this.#report([
        ...this.#flakyCalls(FLAKY_PER_TICK),
        ...this.#steadyCalls(STEADY_PER_TICK),
        makeCall(STEADY, 1, "idempotent_replay"),
        makeLateCall(),
      ]);
      nextAtMs += TICK_MS;
      await sleep(Math.max(0, nextAtMs - performance.now()));
    }
  }

  #flakyCalls(count: number): LoadSample[] {
    return Array.from({ length: count }, () => makeCall(FLAKY, 40, flakyOutcome(this.#flaky++)));
  }

  #steadyCalls(count: number): LoadSample[] {
    return Array.from({ length: count }, () => {
      const index = this.#steady++;
      return makeCall(STEADY, steadyDurationMs(index), steadyOutcome(index));
    });
  }

  async #report(samples: readonly LoadSample[]): Promise<void> {
    const body = reportBody(samples);
    const acknowledge = this.sent.sending(samples);
    const first = await this.#post(body);
    acknowledge();
    if (first.accepted !== samples.length) this.surprises.push(first);
    this.#reports += 1;
    if (this.#reports % RESENT_EVERY !== 0) return;
    const second = await this.#post(body);
    if (second.duplicates !== samples.length) this.surprises.push(second);
  }

  #post(body: string): Promise<IngestAnswer> {
    return this.#runtime.json("POST", this.#path, body);
  }
}
