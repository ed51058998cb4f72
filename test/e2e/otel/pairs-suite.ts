/**
 * Calls with a span at their caller and one at their server, HTTP's between, in batches that are cut, reordered,
 * doubled and delayed, through a kill: each is counted once, under its server, with its failure, unless that
 * came later than a caller's span waits. `npm run test:long` has 20,000 calls and the delays of a collector.
 */
import { setTimeout as delay } from "node:timers/promises";
import { readPage } from "../../formats/exposition/read-page.ts";
import { randomSource } from "../../harness/load.ts";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks, Verdict } from "../checks.ts";
import { runExactSuite } from "../exactness/exact-suite.ts";
import { nothingWaits, type PairingStatus } from "./nothing-waits.ts";
import { type Batch, batchesOf, type PairedCall, pairedCalls, truthOf } from "./paired-calls.ts";

const ORG = "otel-pairs";
const isLong = process.env["MCPG_PAIRED_CALLS"] !== undefined;
const CALLS = Number(process.env["MCPG_PAIRED_CALLS"] ?? 2_000);
const TIMES = isLong
  ? { waitSeconds: 30, sendingMs: 60_000, delayMs: 25_000, lateMs: 60_000 }
  : { waitSeconds: 20, sendingMs: 4_000, delayMs: 4_000, lateMs: 40_000 };
const CONNECTIONS = 8;
const SCRAPE_EACH_MS = 1_000;
const SEED = 7;

export function runPairsSuite(): Promise<Verdict> {
  return runExactSuite("otel-pairs", async (runtime, checks) => {
    await runtime.makeOrg(ORG);
    const span_mapping = { caller_wait_seconds: TIMES.waitSeconds };
    await runtime.json("PATCH", `/v1/orgs/${ORG}`, { span_mapping });
    const random = randomSource(SEED);
    const calls = pairedCalls(CALLS, random);
    const batches = batchesOf(calls, TIMES, random);
    const scraper = new TotalsScraper(runtime);
    const scraping = scraper.run();
    const sending = sendAll(runtime, batches);
    await delay(TIMES.sendingMs / 2);
    await runtime.kill();
    await sending;
    await nothingWaits(runtime, ORG);
    scraper.isOver = true;
    await scraping;
    checks.report("no counter fell", scraper.resets, `${scraper.scrapes} scrapes`);
    await checkTruth(runtime, checks, calls, "each call is counted once");
    await sendAll(
      runtime,
      batches.toReversed().map((batch) => ({ ...batch, atMs: 0 })),
    );
    await nothingWaits(runtime, ORG);
    await checkTruth(runtime, checks, calls, "and once when all batches are sent again");
  });
}

async function sendAll(runtime: Runtime, batches: readonly Batch[]): Promise<void> {
  const startedAt = performance.now();
  const left = batches.toSorted((a, b) => a.atMs - b.atMs);
  const connection = async () => {
    for (let batch = left.shift(); batch !== undefined; batch = left.shift()) {
      await delay(Math.max(0, startedAt + batch.atMs - performance.now()));
      await sendUntilTaken(runtime, batch);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
}

/** As an exporter does: what has no answer is sent again. */
async function sendUntilTaken(runtime: Runtime, { body, copies }: Batch): Promise<void> {
  const headers = { "content-type": "application/x-protobuf" };
  const path = `/v1/orgs/${ORG}/otlp/v1/traces`;
  const sendOnce = () => runtime.send("POST", path, { body, headers }).catch(() => null);
  for (;;) {
    const answers = await Promise.all(Array.from({ length: copies }, sendOnce));
    if (answers.some((answer) => answer?.status === 200)) return;
    await delay(100);
  }
}

async function totals(runtime: Runtime, family: string): Promise<Map<string, number> | null> {
  const answer = await runtime
    .send("GET", `/v1/orgs/${ORG}/metrics?name[]=${family}`)
    .catch(() => null);
  if (answer?.status !== 200) return null;
  const { samples } = readPage([answer.body]);
  return new Map(
    samples.map(({ labels, value }) => [JSON.stringify(Object.fromEntries(labels)), Number(value)]),
  );
}

class TotalsScraper {
  readonly resets: string[] = [];
  scrapes = 0;
  isOver = false;
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  async run(): Promise<void> {
    let before = new Map<string, number>();
    while (!this.isOver) {
      await delay(SCRAPE_EACH_MS);
      const now = await totals(this.#runtime, "mcpg_tool_calls_total");
      if (now === null) continue;
      this.scrapes += 1;
      for (const [series, value] of before) {
        const after = now.get(series) ?? 0;
        if (after < value) this.resets.push(`${series}: ${after} after ${value}`);
      }
      before = now;
    }
  }
}

async function checkTruth(
  runtime: Runtime,
  checks: Checks,
  calls: readonly PairedCall[],
  guarantee: string,
): Promise<void> {
  const truth = truthOf(calls);
  const sums = async (family: string) => {
    const byPlugin: Record<string, number> = {};
    for (const [labels, value] of (await totals(runtime, family)) ?? []) {
      const { plugin } = JSON.parse(labels) as { plugin: string };
      byPlugin[plugin] = (byPlugin[plugin] ?? 0) + value;
    }
    return byPlugin;
  };
  checks.equal(guarantee, await sums("mcpg_tool_calls_total"), truth.calls);
  checks.equal("with its failure", await sums("mcpg_tool_errors_total"), truth.errors);
  const status = await runtime.json<PairingStatus>("GET", `/v1/orgs/${ORG}/observability/status`);
  checks.equal("what came too late is told", status.calls.late, truth.late);
}
