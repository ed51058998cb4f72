/**
 * Sessions in their org's log: that a client opened one, and that it ended it. Whatever else ends a session, its
 * server's restart among it, nobody tells of.
 */
import { GATEWAY_RECORDER } from "#audit/calls/open-call.ts";
import { writeToLog } from "#audit/current-log.ts";
import { ownEvent } from "#audit/own-event.ts";
import { encodeHex } from "#formats/hex.ts";
import { OWN_DETAILS } from "#formats/ledger/own-details.ts";
import { sha256 } from "#formats/sha256.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";

export interface ToldSession {
  readonly action: "session.opened" | "session.terminated";
  /** As its client knows it. */
  readonly sessionId: string;
  readonly actor: string;
  readonly tokenId: string | null;
  readonly workspace: string;
  readonly plugin: string;
  readonly traceId: string | null;
  readonly httpRequestId: string;
  readonly atMs: number;
}

/** Resolves once the entry is durable. */
export async function tellSession(env: Env, org: Org, told: ToldSession): Promise<void> {
  const event = { ...eventOf(told), workspace: told.workspace, trace_id: told.traceId };
  const { answer } = await writeToLog(env, org, (ledger, log) => ledger.append(log, [event]));
  if (answer.kind !== "appended") throw new Error(`${told.action}: ${answer.kind}`);
}

function eventOf({ action, sessionId, actor, tokenId, plugin, httpRequestId, atMs }: ToldSession) {
  const isShown = tokenId === null || actor === `service:${tokenId}`;
  return ownEvent({
    action,
    actor,
    details: { plugin, ...(!isShown && { [OWN_DETAILS.tokenId]: tokenId }) },
    event_id: uuid7FromRandom(atMs, crypto.getRandomValues(new Uint8Array(10))),
    recorded_by: GATEWAY_RECORDER,
    request_id: httpRequestId,
    target: `session://${digestOf(sessionId)}`,
  });
}

/** Some 1,000 characters of id are no name. */
function digestOf(sessionId: string): string {
  return encodeHex(sha256(new TextEncoder().encode(sessionId)));
}
