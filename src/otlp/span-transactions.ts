/**
 * The reports of an OTLP request, cut into transactions that are short, for they hold up a shard.
 *
 * Servers' calls are looked up by seeks and stay with their instances. A caller's call is looked up by
 * going through the samples of its time (span-pairs.ts), so callers' calls are cut in order of start: each
 * stretch of time is gone through by one transaction, and none goes through more than LOOK_UP_MS_MAX.
 *
 * D1 lets a request send 1,000 statements. What starts in a day and five minutes is looked up in 1,447
 * minutes at most. A transaction that is cut for its time covers over 13.6, of which the next may cover 1.3
 * again: 118 of these. A span takes 72 bytes or more of a request's 4 MiB: 59 transactions of 1,000 calls.
 * Each of the 178 (one begins without a cut) sends two guards and the samples' insert, and the arrivals are
 * REPORTS_MAX and one more a transaction: 862. Copies in a request of that kind cost a retry each and may
 * pass the limit: what is stored then stays, and is stored once.
 */

import { REPORT_SAMPLES_MAX } from "#calls/sample-schema.ts";
import { OTHER } from "#calls/series.ts";
import { childStartRange, type PairedCall } from "#calls/span-pairs.ts";
import { MINUTE_MS } from "#platform/time.ts";
import type { SpanReport } from "./span-reports.ts";

const LOOK_UP_MS_MAX = 15 * MINUTE_MS;

/** Parts of reports that name their instance, over all transactions; the rest report as one. */
const REPORTS_MAX = 150;

type Reported = readonly [call: PairedCall, header: SpanReport["header"]];

export function transactionsOf(reports: readonly SpanReport[]): SpanReport[][] {
  const all = reports.flatMap(({ header, calls }) => calls.map((call): Reported => [call, header]));
  const servers = all.filter(([{ pair }]) => !pair.isCaller);
  const callers = all.filter(([{ pair }]) => pair.isCaller);
  callers.sort(([a], [b]) => a.startedAtMs - b.startedAtMs);
  return withNames(cut([...servers, ...callers]));
}

function cut(calls: readonly Reported[]): Reported[][] {
  const transactions: Reported[][] = [];
  let transaction: Reported[] = [];
  let cover = new Cover();
  for (const reported of calls) {
    const isFull = transaction.length === REPORT_SAMPLES_MAX || !cover.hasRoomFor(reported[0]);
    if (isFull) {
      transactions.push(transaction);
      transaction = [];
      cover = new Cover();
    }
    cover.add(reported[0]);
    transaction.push(reported);
  }
  if (transaction.length > 0) transactions.push(transaction);
  return transactions;
}

/** The time that the look-ups of a transaction go through, its callers' calls given in order of start. */
class Cover {
  #totalMs = 0;
  #toMs = 0;

  hasRoomFor(call: PairedCall): boolean {
    return this.#totalMs + this.#growth(call) <= LOOK_UP_MS_MAX;
  }

  add(call: PairedCall): void {
    this.#totalMs += this.#growth(call);
    if (call.pair.isCaller) this.#toMs = Math.max(this.#toMs, childStartRange(call).toMs);
  }

  #growth(call: PairedCall): number {
    if (!call.pair.isCaller) return 0;
    const { fromMs, toMs } = childStartRange(call);
    return Math.max(0, toMs - Math.max(fromMs, this.#toMs));
  }
}

function withNames(transactions: readonly Reported[][]): SpanReport[][] {
  let named = 0;
  return transactions.map((transaction) => {
    const reports = new Map<string, SpanReport>();
    for (const [call, header] of transaction) {
      const isNamed = reports.has(header.instance) || named < REPORTS_MAX;
      const instance = isNamed ? header.instance : OTHER;
      const report = reports.get(instance) ?? { header: { ...header, instance }, calls: [] };
      if (!reports.has(instance)) named += 1;
      reports.set(instance, report);
      report.calls.push(call);
    }
    return [...reports.values()];
  });
}
