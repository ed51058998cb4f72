/** Puts requests on record before they go anywhere: what cannot be recorded is not sent. */
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { beginCall, refuseCall, resumeCall } from "#gateway/record/begin-call.ts";
import type { CallStart } from "#gateway/record/call-start.ts";
import { NO_CAPTURE_HEADER } from "#gateway/record/capture-payload.ts";
import { roundKey, roundStateOf, taskKey } from "./call-keys.ts";
import type { Exchange } from "./exchange.ts";
import { type FollowedCall, FollowedRequest, noteServed } from "./followed-request.ts";
import { type RefusalWord, type Ruling, UNKNOWN_TOOL } from "./rule-message.ts";
import { placeInTrace } from "./trace-place.ts";

export async function beginRequest(
  x: Exchange,
  ruling: Ruling,
  bytes: number,
): Promise<FollowedRequest> {
  return new FollowedRequest(x, ruling, await followedCall(x, ruling, bytes));
}

async function followedCall(x: Exchange, ruling: Ruling, bytes: number): Promise<FollowedCall> {
  const { rule, message, verdict } = ruling;
  const { env, ctx, org } = x;
  if (rule.kind === "task") {
    const key = taskKey(x, message.name ?? "");
    return { begun: null, claim: () => resumeCall(env, ctx, org, key), isResumed: true };
  }
  if (!isRecorded(ruling)) return { begun: null, claim: null, isResumed: false };
  const state = roundStateOf(message);
  const resumed =
    state === undefined ? null : await resumeCall(env, ctx, org, roundKey(x, message, state));
  if (resumed !== null) return { begun: resumed, claim: null, isResumed: true };
  const begun = await beginCall(env, ctx, org, await callStart(x, ruling, bytes), verdict);
  return { begun, claim: null, isResumed: false };
}

export function isRecorded({ rule }: Pick<Ruling, "rule">): boolean {
  return rule.kind === "call" || (rule.kind === "read" && rule.isRecorded);
}

const SAMPLES: Readonly<
  Record<RefusalWord, { outcome: "policy_denied" | "quota_exceeded"; errorCode: string }>
> = {
  policy_denied: { outcome: "policy_denied", errorCode: "policy_denied" },
  quarantined: { outcome: "policy_denied", errorCode: "quarantined" },
  rate_limited: { outcome: "quota_exceeded", errorCode: "rate_limited" },
  ambiguous: { outcome: "policy_denied", errorCode: "ambiguous" },
};

/** Records the refusal of what would have been on record; its id, or null where it would not. */
export async function recordRefusal(
  x: Exchange,
  ruling: Ruling,
  bytes: number,
): Promise<string | null> {
  const sample = SAMPLES[ruling.refusal ?? "policy_denied"];
  noteServed(x, ruling, { outcome: sample.outcome, errorType: sample.errorCode });
  if (!isRecorded(ruling)) return null;
  const start = { ...(await callStart(x, ruling, bytes)), dispatchSpanId: null };
  await refuseCall(x.env, x.ctx, x.org, start, ruling.verdict, sample);
  return start.id;
}

const METHODS = ["tools/call", "resources/read", "prompts/get"] as const;

async function callStart(x: Exchange, ruling: Ruling, requestBytes: number): Promise<CallStart> {
  const { workspace, plugin } = x.plugin;
  const { message, rule, refusal } = ruling;
  const isNamed = refusal !== "ambiguous";
  const target = isNamed ? ruling.target : UNKNOWN_TOOL;
  const place = await placeInTrace(x);
  return {
    id: uuid7FromRandom(x.startedAtMs, crypto.getRandomValues(new Uint8Array(10))),
    startedAtMs: x.startedAtMs,
    method: METHODS.find((method) => method === message.method) ?? "tools/call",
    workspace,
    plugin,
    tool: rule.kind === "call" ? target : "",
    target: targetUri(plugin, rule.kind, target, rule.kind === "read" ? rule.target : "tool"),
    actor: x.caller.actor,
    tokenId: x.caller.tokenId,
    sessionId: x.session?.id ?? null,
    requestId: message.id === null ? null : String(message.id),
    requestBytes,
    httpRequestId: x.httpRequestId,
    ...(x.headers.has(NO_CAPTURE_HEADER) && { isUncaptured: true }),
    ...place,
  };
}

function targetUri(plugin: string, kind: string, name: string, of: "tool" | "resource" | "prompt") {
  if (kind === "call") return `tool://${plugin}/${name}`;
  return of === "prompt" ? `prompt://${plugin}/${name}` : `resource://${plugin}/${name}`;
}
