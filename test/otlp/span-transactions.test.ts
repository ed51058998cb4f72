import { describe, expect, it } from "vitest";
import { childStartRanges, type PairedCall } from "#calls/span-pairs.ts";
import type { SpanReport } from "#otlp/span-reports.ts";
import { transactionsOf } from "#otlp/span-transactions.ts";
import { header, invocation } from "../harness/shard-org.ts";

const NOW_MS = Date.now();
const DAY_MS = 86_400_000;
const EXAMPLE = invocation({ started_at: NOW_MS });

function callAt(startedAtMs: number, isCaller: boolean): PairedCall {
  const pair = { instance: "agent", isCaller, parentSpanId: null };
  return { ...EXAMPLE, id: crypto.randomUUID(), startedAtMs, pair };
}

function reportOf(instance: string, calls: PairedCall[]): SpanReport {
  return { header: header({ instance }), calls };
}

const callsOf = (transaction: readonly SpanReport[]) => transaction.flatMap(({ calls }) => calls);

function lookedUpMs(transaction: readonly SpanReport[]): number {
  return childStartRanges(callsOf(transaction)).reduce(
    (sum, { fromMs, toMs }) => sum + toMs - fromMs,
    0,
  );
}

/** In no order, over a day. */
const scattered = (count: number) =>
  Array.from({ length: count }, (_, index) => ((index * 7_919) % count) * (DAY_MS / count));

describe("transactionsOf", () => {
  it("holds every call once, at most 1,000 in each, and looks through at most 15 minutes", () => {
    const calls = scattered(17_000).map((ms, index) => callAt(NOW_MS - ms, index % 3 > 0));
    const transactions = transactionsOf([reportOf("agent", calls)]);
    const ids = transactions.flatMap(callsOf).map(({ id }) => id);
    expect(new Set(ids).size).toBe(17_000);
    expect(ids).toHaveLength(17_000);
    for (const transaction of transactions) {
      expect(callsOf(transaction).length).toBeLessThanOrEqual(1_000);
      expect(lookedUpMs(transaction)).toBeLessThanOrEqual(15 * 60_000);
    }
    const sum = transactions.reduce((total, transaction) => total + lookedUpMs(transaction), 0);
    expect(sum).toBeLessThan(1.1 * DAY_MS);
  });

  it("sends fewer statements than D1 allows, whatever a request of 4 MiB holds", () => {
    const starts = scattered(58_000).map((ms) => NOW_MS - ms);
    const calls = starts.map((ms) => callAt(ms, true));
    const reports = Array.from({ length: 101 }, (_, instance) =>
      reportOf(
        `pod-${instance}`,
        calls.filter((_call, index) => index % 101 === instance),
      ),
    );
    const transactions = transactionsOf(reports);
    const statements = transactions.reduce((sum, { length }) => sum + 3 + length, 0);
    expect(statements).toBeLessThan(900);
    expect(new Set(transactions.flatMap(callsOf)).size).toBe(58_000);
  });

  it("keeps the calls of servers with their instances, and begins with none for no call", () => {
    const reports = Array.from({ length: 100 }, (_, instance) =>
      reportOf(
        `pod-${instance}`,
        scattered(30).map((ms) => callAt(NOW_MS - ms, false)),
      ),
    );
    const transactions = transactionsOf(reports);
    expect(transactions.map((transaction) => callsOf(transaction).length)).toEqual([
      1_000, 1_000, 1_000,
    ]);
    expect(transactions.flat()).toHaveLength(102);
    expect(transactionsOf([])).toEqual([]);
  });
});
