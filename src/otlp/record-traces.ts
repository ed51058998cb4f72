/** An OTLP request from decoded to durable: its tool calls as samples, the spans around them as spans. */

import { PRUNED_TIME, STREAM_DISABLED } from "#calls/sample-rejection.ts";
import { insertReports } from "#calls/store/insert-calls.ts";
import type { PartialSuccess } from "#formats/otlp/export-response.ts";
import type { ResourceSpans } from "#formats/otlp/trace-model.ts";
import type { Org } from "#orgs/org.ts";
import { refuseForSpace } from "#orgs/shard-space.ts";
import { keepSpans } from "#otlp/store/spans.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { streamsOf } from "#streams/streams-of.ts";
import type { TraceSpan } from "#tracing/trace-span.ts";
import { fingerprintKey } from "#vault/fingerprint-key.ts";
import { PLUGIN, textOf } from "./span-attributes.ts";
import { callsOfRequest, spansOf } from "./span-calls.ts";
import { reportsOfCalls, type SpanReports } from "./span-reports.ts";
import { transactionsOf } from "./span-transactions.ts";

/** Null where nothing was refused. */
export async function recordTraces(
  env: Env,
  org: Org,
  traces: readonly ResourceSpans[],
  receivedAtMs: number,
): Promise<PartialSuccess | null> {
  const streams = await streamsOf(env, org.org);
  const refused = new Refusals();
  const calls = await callsOfRequest(traces, org.spanMapping);
  if (calls.reason !== null) refused.add(calls.rejected, calls.reason);
  const context = { receivedAtMs, fingerprintKey: fingerprintKey(env, org.org) };
  const reports = await reportsOfCalls(calls.calls, context);
  for (const { code, message } of reports.rejected) refused.add(1, `${code}: ${message}`);
  const stored = streams.metrics.enabled
    ? await storeCalls(env, org, reports.reports, refused)
    : refuseCalls(reports.reports, refused);
  const hasOthers =
    calls.ignored + reports.merged + calls.rejected > 0 || stored.unsampled.size > 0;
  if (streams.traces.enabled && hasOthers) {
    const spans = spansBeside(traces, stored);
    const kept = await keepSpans(shardDatabase(env, org.shard), org, spans, receivedAtMs);
    if (kept === "refused") await refuseForSpace(env, org);
  }
  return refused.partialSuccess();
}

/** Counts the tool calls that cannot be counted, and says why of the first. */
class Refusals {
  #spans = 0;
  #reason: string | null = null;

  add(spans: number, reason: string): void {
    this.#spans += spans;
    if (spans > 0) this.#reason ??= reason;
  }

  partialSuccess(): PartialSuccess | null {
    if (this.#reason === null) return null;
    const calls = this.#spans === 1 ? "1 tool call" : `${this.#spans} tool calls`;
    const errorMessage = `${calls} cannot be counted; the first: ${this.#reason}`;
    return { rejectedSpans: this.#spans, errorMessage };
  }
}

interface StoredCalls {
  reports: SpanReports["reports"];
  /** Ids of calls that have no sample. */
  unsampled: ReadonlySet<string>;
}

function refuseCalls(reports: SpanReports["reports"], refused: Refusals): StoredCalls {
  const calls = reports.flatMap(({ calls }) => calls);
  refused.add(calls.length, STREAM_DISABLED.join(": "));
  return { reports: [], unsampled: new Set(calls.map(({ id }) => id)) };
}

async function storeCalls(
  env: Env,
  org: Org,
  reports: SpanReports["reports"],
  refused: Refusals,
): Promise<StoredCalls> {
  const unsampled = new Set<string>();
  for (const transaction of transactionsOf(reports)) {
    const missing = await storeTransaction(env, org, transaction, refused);
    for (const id of missing) unsampled.add(id);
  }
  return { reports, unsampled };
}

/** The ids of calls of which there is no sample: another span counts them, or their time was pruned. */
async function storeTransaction(
  env: Env,
  org: Org,
  reports: SpanReports["reports"],
  refused: Refusals,
): Promise<ReadonlySet<string>> {
  const result = await insertReports(shardDatabase(env, org.shard), org, reports);
  if (result.kind === "org_gone") return fail({ kind: "not_found" });
  if (result.kind === "refused") return refuseForSpace(env, org);
  if (result.kind === "contended") return fail({ kind: "unavailable", retryAfterSeconds: 1 });
  refused.add(result.pruned.length, PRUNED_TIME.join(": "));
  return new Set([...result.countedElsewhere, ...result.pruned.map(({ id }) => id)]);
}

/** The spans to keep: all but those of calls whose sample tells what the span would. */
function spansBeside(
  traces: readonly ResourceSpans[],
  { reports, unsampled }: StoredCalls,
): readonly TraceSpan[] {
  const calls = reports.flatMap(({ calls }) => calls);
  const sampled = new Set(
    calls
      .filter(({ id }) => !unsampled.has(id))
      .map(({ traceId, spanId }) => `${traceId}${spanId}`),
  );
  const beside: TraceSpan[] = [];
  for (const [{ resource }, span] of spansOf(traces)) {
    if (sampled.has(`${span.traceId}${span.spanId}`)) continue;
    const service = textOf(resource, PLUGIN);
    beside.push({ ...span, status: span.status.code, service });
  }
  return beside;
}
