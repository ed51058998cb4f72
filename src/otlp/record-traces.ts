/** An OTLP request from decoded to durable: its tool calls as samples, the spans around them as spans. */

import { messageKey } from "#calls/message-key.ts";
import { PRUNED_TIME, STREAM_DISABLED } from "#calls/sample-rejection.ts";
import { spanKey } from "#calls/traced-spans.ts";
import type { PartialSuccess } from "#formats/otlp/export-response.ts";
import type { ResourceSpans } from "#formats/otlp/trace-model.ts";
import type { Org } from "#orgs/org.ts";
import { refuseForSpace } from "#orgs/space/shard-space.ts";
import { keepSpans } from "#otlp/store/spans.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { nextTurn } from "#platform/slices.ts";
import { streamsOf } from "#streams/streams-of.ts";
import type { TraceSpan } from "#tracing/trace-span.ts";
import { countWithPayloads } from "./count-with-payloads.ts";
import { PLUGIN, textOf } from "./span-attributes.ts";
import { callsOfRequest, spansOf } from "./span-calls.ts";
import { parseCalls } from "./span-reports.ts";
import { isSampled, tellRequest } from "./told-spans.ts";
import { shapesOf } from "./unmapped-shapes.ts";

/** To tell apart and to write down so many takes as long as a slice (platform/slices.ts). */
const SPANS_TOLD_AT_ONCE = 1_000;

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
  const samples = calls.calls.map(({ call }) => call.sample);
  const context = { receivedAtMs, fingerprintKey: await messageKey(env, org, samples) };
  const parsed = await parseCalls(calls.calls, context);
  for (const { code, message } of parsed.rejected) refused.add(1, `${code}: ${message}`);
  const isLong = calls.calls.length + calls.ignored > SPANS_TOLD_AT_ONCE;
  if (isLong) await nextTurn();
  const told = await tellRequest(traces, parsed.calls);
  if (isLong) await nextTurn();
  let sampled: ReadonlySet<string> = new Set();
  if (streams.metrics.enabled) {
    const isOfSampled = calls.calls.some(({ span }) => isSampled(span));
    const unmapped = shapesOf(traces, calls.unmapped, new Set(calls.calls.map(({ span }) => span)));
    const given = { told, unmapped, isOfSampled, receivedAtMs };
    const counted = await countWithPayloads(env, org, parsed.calls, given);
    refused.add(counted.pruned, PRUNED_TIME.join(": "));
    refused.discard(counted.discarded);
    sampled = counted.sampled;
  } else {
    refused.add(parsed.calls.size, STREAM_DISABLED.join(": "));
  }
  if (streams.traces.enabled) {
    const spans = spansBeside(traces, sampled);
    const kept = await keepSpans(shardDatabase(env, org.shard), org, spans, receivedAtMs);
    if (kept === "refused") await refuseForSpace(env, org);
  }
  return refused.partialSuccess();
}

/** Counts the tool calls that cannot be counted, and says why of the first; and what of payloads is not kept. */
class Refusals {
  #spans = 0;
  #payloads = 0;
  #reason: string | null = null;

  add(spans: number, reason: string): void {
    this.#spans += spans;
    if (spans > 0) this.#reason ??= reason;
  }

  /** The spans are taken all the same. */
  discard(payloads: number): void {
    this.#payloads += payloads;
  }

  partialSuccess(): PartialSuccess | null {
    if (this.#reason === null) return this.#warning();
    const calls = this.#spans === 1 ? "1 tool call" : `${this.#spans} tool calls`;
    const errorMessage = `${calls} cannot be counted; the first: ${this.#reason}`;
    return { rejectedSpans: this.#spans, errorMessage };
  }

  #warning(): PartialSuccess | null {
    if (this.#payloads === 0) return null;
    const errorMessage = `payloads_discarded: ${this.#payloads} arguments or results of calls are not kept`;
    return { rejectedSpans: 0, errorMessage };
  }
}

/** The spans to keep: all but those of calls whose sample tells what the span would. */
function spansBeside(
  traces: readonly ResourceSpans[],
  sampled: ReadonlySet<string>,
): readonly TraceSpan[] {
  const beside: TraceSpan[] = [];
  for (const [{ resource }, span] of spansOf(traces)) {
    if (sampled.has(spanKey(span))) continue;
    const service = textOf(resource, PLUGIN);
    beside.push({ ...span, status: span.status.code, service });
  }
  return beside;
}
