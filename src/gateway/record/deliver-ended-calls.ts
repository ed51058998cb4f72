/**
 * Samples of calls that ended, as the org's one instance `gateway` reports them: isolates come and go, and
 * 1,000 of them would be all the instances that an org may have. Each report says goodbye, so that a gateway
 * that has no calls is not taken for one that is silent.
 */
import type { LogAddress } from "#audit/audit-log.ts";
import type { EndedCall } from "#audit/calls/open-call.ts";
import { insertCompletions } from "#audit/store/decision-outbox.ts";
import { recordCalls } from "#calls/record-calls.ts";
import { DURATION_MS_MAX, REPORT_SAMPLES_MAX, type Sample } from "#calls/sample-schema.ts";
import { forgetOrg, lookUpOrg } from "#orgs/directory.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { FailureError } from "#platform/errors.ts";
import { logAlert } from "#platform/log-error.ts";

export const GATEWAY_INSTANCE = "gateway";

/**
 * Resolves once they are durable, or will never be taken: of an org that is gone, or too old. A completion that the
 * log did not take waits in the directory for one that does.
 */
export async function deliverEndedCalls(
  env: Env,
  { org }: LogAddress,
  ended: readonly EndedCall[],
): Promise<void> {
  const unrecorded = ended.flatMap((one) => one.unrecorded ?? []);
  if (unrecorded.length > 0) await insertCompletions(env.DIRECTORY, org, unrecorded);
  const nowMs = Date.now();
  const found = await lookUpOrg(env, org, nowMs);
  if (found?.state !== "active") return;
  for (let at = 0; at < ended.length; at += REPORT_SAMPLES_MAX) {
    await report(env, found, ended.slice(at, at + REPORT_SAMPLES_MAX), nowMs);
  }
}

async function report(
  env: Env,
  org: Org,
  ended: readonly EndedCall[],
  nowMs: number,
): Promise<void> {
  const samples = ended.map(sampleOf);
  const innerSpans = innerSpansOf(ended);
  const unnumbered = { epoch: null, seq: null, dropped: null, batchId: null };
  const said = { instance: GATEWAY_INSTANCE, ...unnumbered, isFinal: true, samples, innerSpans };
  try {
    const { rejected } = await recordCalls(env, org, said, nowMs);
    const refused = rejected.find(({ code }) => code !== "stream_disabled");
    if (refused !== undefined) logAlert(`samples were refused: ${refused.code}`, { org: org.org });
  } catch (error) {
    if (!isGone(error) || (await isStillActive(env, org.org))) throw error;
  }
}

/** The plugin's server tells of the same call, by a span below the one that the gateway sent its request in. */
function innerSpansOf(ended: readonly EndedCall[]): ReadonlyMap<string, string> {
  return new Map(
    ended.flatMap(({ call: { id, dispatchSpanId } }) =>
      dispatchSpanId === null ? [] : [[id, dispatchSpanId]],
    ),
  );
}

/** What the isolate knew of the org may be of before it moved. */
async function isStillActive(env: Env, org: string): Promise<boolean> {
  forgetOrg(org);
  return (await lookUpOrg(env, org, Date.now()))?.state === "active";
}

function isGone(error: unknown): boolean {
  return error instanceof FailureError && error.failure.kind === "not_found";
}

function sampleOf({ call, ending }: EndedCall): Sample {
  return {
    id: call.id,
    workspace: call.workspace,
    plugin: call.plugin,
    tool: call.tool,
    started_at: call.startedAtMs,
    duration_ms: Math.min(DURATION_MS_MAX, Math.max(0, ending.endedAtMs - call.startedAtMs)),
    outcome: ending.outcome as Sample["outcome"],
    error_code: ending.errorCode,
    actor: call.actor,
    session_id: call.sessionId,
    request_id: call.requestId,
    trace_id: call.traceId,
    span_id: call.spanId,
    parent_span_id: call.parentSpanId,
    request_bytes: call.requestBytes,
    response_bytes: ending.responseBytes,
  };
}
