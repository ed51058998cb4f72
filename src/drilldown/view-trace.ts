/** One call from who asked to what was done, from all that is kept of it. */

import { findCallsOfTrace } from "#calls/store/calls-of-trace.ts";
import type { StoredCall } from "#calls/store/shard-schema.ts";
import type { Org } from "#orgs/org.ts";
import { findSpans } from "#otlp/store/spans.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { HOUR_MS, MINUTE_MS } from "#platform/time.ts";
import type { TraceSpan } from "#tracing/trace-span.ts";
import { type CallEntry, type Decision, decisionOf } from "./call-audit.ts";
import { findEntries } from "./call-entries.ts";
import { type CallStages, stagesOfCall } from "./call-stages.ts";
import { sampleSpan } from "./sample-span.ts";

/** The span that carried the call in may end long after it, as an agent's turn does. */
const SPANS_AFTER_MS = HOUR_MS;
/** Room for clocks that differ, and for what came just before the call. */
const SPANS_BEFORE_MS = MINUTE_MS;

export interface CallTrace {
  call: StoredCall;
  stages: CallStages;
  decision: Decision | null;
  /** Oldest first. */
  entries: readonly CallEntry[];
  spans: readonly TraceSpan[];
  /** The samples' ids by their spans' ids. */
  calls: ReadonlyMap<string, string>;
}

export async function viewTrace(env: Env, org: Org, call: StoredCall): Promise<CallTrace> {
  const [{ spans, calls }, entries] = await Promise.all([
    findTrace(env, org, call),
    findEntries(env, org, call),
  ]);
  const own = spans.find(({ spanId }) => spanId === call.spanId) ?? sampleSpan(call);
  const stages = stagesOfCall(own, spans);
  return { call, stages, decision: decisionOf(entries), entries, spans, calls };
}

type FoundTrace = Pick<CallTrace, "spans" | "calls">;

/** The spans that are kept, and those that samples stand for. */
async function findTrace(env: Env, org: Org, call: StoredCall): Promise<FoundTrace> {
  const { traceId, startedAtMs, durationUs } = call;
  if (traceId === null) return { spans: [], calls: new Map() };
  const db = shardDatabase(env, org.shard);
  const endedAtMs = startedAtMs + durationUs / 1_000;
  const fromMs = startedAtMs - SPANS_BEFORE_MS;
  const [kept, nearby] = await Promise.all([
    findSpans(db, org.org, traceId, { fromMs, toMs: endedAtMs + SPANS_AFTER_MS }),
    findCallsOfTrace(db, org.org, traceId, { fromMs, toMs: endedAtMs + SPANS_BEFORE_MS }),
  ]);
  const spans = new Map(kept.map((span) => [span.spanId, span]));
  const keptIds = new Set(spans.keys());
  const calls = new Map<string, string>();
  // The call that was asked for is last, so that of two samples with one span's id it is shown.
  for (const sample of [...nearby, call]) {
    if (sample.spanId === null) continue;
    calls.set(sample.spanId, sample.id);
    if (!keptIds.has(sample.spanId)) spans.set(sample.spanId, sampleSpan(sample));
  }
  return { spans: [...spans.values()], calls };
}
