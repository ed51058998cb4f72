/** `GET …/invocations/{id}/trace`: one call from who asked to what was done, from all that is kept of it. */

import type { StoredCall } from "#calls/store/shard-schema.ts";
import { callEntryJson, spansJson, stagesJson } from "#drilldown/http/trace-json.ts";
import type { Org } from "#orgs/org.ts";
import { findCallsOfTrace, findSpans } from "#otlp/store/spans.ts";
import { type Env, shardDatabase } from "#platform/env.ts";
import type { TraceSpan } from "#tracing/trace-span.ts";
import { decisionOf } from "./call-audit.ts";
import { findEntries } from "./call-entries.ts";
import { stagesOfCall } from "./call-stages.ts";
import { sampleSpan } from "./sample-span.ts";

const MINUTE_MS = 60_000;
/** What carried the call in may end long after it, as an agent's turn does. */
const SPANS_AFTER_MS = 60 * MINUTE_MS;
/** Clocks, and what came just before. */
const SPANS_BEFORE_MS = MINUTE_MS;

/** `readsAudit`: the asker may read the ledger itself. Another is told what was decided, and no more. */
export async function callTrace(
  env: Env,
  org: Org,
  call: StoredCall,
  { readsAudit }: { readsAudit: boolean },
): Promise<Response> {
  const [{ spans, calls }, entries] = await Promise.all([
    findTrace(env, org, call),
    findEntries(env, org, call),
  ]);
  const own = spans.find(({ spanId }) => spanId === call.spanId) ?? sampleSpan(call);
  const stages = stagesJson(call, stagesOfCall(own, spans), decisionOf(entries));
  const listed = { ...stages, spans: spansJson(spans, calls) };
  const texts = entries.map((entry) => callEntryJson(entry, { isWhole: readsAudit }));
  const audit = `[${texts.join(",")}]`;
  return new Response(`${JSON.stringify(listed).slice(0, -1)},"audit":${audit}}`, {
    headers: { "content-type": "application/json" },
  });
}

interface FoundTrace {
  spans: TraceSpan[];
  /** The samples' ids by their span's. */
  calls: Map<string, string>;
}

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
  // Last, so that of two samples with one span's id the asked one is shown.
  for (const sample of [...nearby, call]) {
    if (sample.spanId === null) continue;
    calls.set(sample.spanId, sample.id);
    if (!keptIds.has(sample.spanId)) spans.set(sample.spanId, sampleSpan(sample));
  }
  return { spans: [...spans.values()], calls };
}
