/** A call through the gateway without an upstream: it is decided, lasts as long as it is told to, and ends. */
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { beginCall } from "#gateway/record/begin-call.ts";
import type { CallStart } from "#gateway/record/call-start.ts";
import { lookUpOrg } from "#orgs/directory.ts";
import type { Env } from "#platform/env.ts";

/** By the parameters `org`, `ms`, `id`, and `tool`, a number: of `LoadSample`'s tools; without, another's. */
export async function callThrough(env: Env, parameters: URLSearchParams, ctx: ExecutionContext) {
  const org = await lookUpOrg(env, parameters.get("org") ?? "", Date.now());
  if (org === null) throw new Error("there is no such org");
  const start = startOf(parameters.get("id"), parameters.get("tool"));
  const verdict = { kind: "allowed", policySet: "none", policies: [], reason: "none" } as const;
  const call = await beginCall(env, ctx, org, start, verdict);
  const lastsMs = Number(parameters.get("ms"));
  if (lastsMs > 0) await scheduler.wait(lastsMs);
  const [endedAtMs, responseBytes] = [Date.now(), 900];
  call.end({ outcome: "ok", errorCode: null, endedAtMs, responseBytes });
  return { id: start.id };
}

function startOf(id: string | null, number: string | null): CallStart {
  const [plugin, tool] =
    number === null
      ? ["github", "list_repos"]
      : [`plugin-${Number(number) % 20}`, `tool_${number}`];
  const startedAtMs = Date.now();
  const hex = (bytes: number) =>
    Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
  return {
    id: id ?? uuid7FromRandom(startedAtMs, crypto.getRandomValues(new Uint8Array(10))),
    startedAtMs,
    ...{ method: "tools/call", workspace: "prod", plugin: plugin!, tool: tool! },
    ...{ target: `tool://${plugin}/${tool}`, actor: "user:alice@acme", tokenId: null },
    ...{ sessionId: hex(16), requestId: "7", httpRequestId: crypto.randomUUID() },
    ...{ traceId: hex(16), spanId: hex(8), parentSpanId: hex(8), dispatchSpanId: hex(8) },
    requestBytes: 120,
  };
}
