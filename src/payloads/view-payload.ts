/**
 * What a call was called with and what it answered, for who gives a reason. The view stands in the org's ledger, durable,
 * before anything is opened: without the entry there is no view.
 */
import { writeToLog } from "#audit/current-log.ts";
import { eventOf } from "#audit/drain-outbox.ts";
import { receiptsOf } from "#audit/receipts.ts";
import { actionOf, type Operator } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import type { OperatorActionName } from "#orgs/store/operator-actions.ts";
import { findPayload, hasStoredPayload } from "#payloads/store/find-payload.ts";
import { countRefused } from "#payloads/store/refused-payloads.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { moveMarked } from "./move-payloads.ts";
import { type OpenedPayload, openStored } from "./open-payload.ts";

export interface AskedView {
  /** Of the call: a UUIDv7. */
  readonly id: string;
  readonly reason: string;
}

/**
 * Fails with `not_entitled`, with `not_found` where nothing is kept of the call, with whatever kept the entry out of
 * the ledger, with `payload_destroyed` where its key is, and with `payload_refused`, which is counted and stands in
 * the ledger too.
 */
export async function viewPayload(
  env: Env,
  org: Org,
  { id, reason }: AskedView,
  by: Operator,
): Promise<OpenedPayload> {
  if (!org.entitlements.payloadCapture) {
    return fail({ kind: "not_entitled", entitlement: "payload_capture" });
  }
  const db = shardDatabase(env, org.shard);
  if (!(await hasStoredPayload(db, org.org, id))) return fail({ kind: "not_found" });
  const viewed = {
    action: "operator.payload.viewed",
    outcome: "allowed",
    details: { reason },
  } as const;
  await record(env, org, id, by, viewed);
  const moved = await moveMarked(env, org, { limit: 1, sampleId: id });
  if (moved.refused > 0) return refused(env, org, id, by, {});
  // Read behind the entry: what was erased meanwhile is not shown.
  const stored = (await findPayload(db, org.org, id)) ?? fail({ kind: "not_found" });
  const answer = await openStored(env, org, id, stored);
  if (answer.kind === "opened") return answer;
  if (answer.kind === "destroyed") return fail({ kind: "payload_destroyed" });
  await countRefused(db, org.org);
  const details = { field: answer.field, key_version: String(stored.keyVersion) };
  return refused(env, org, id, by, details);
}

async function refused(
  env: Env,
  org: Org,
  id: string,
  by: Operator,
  details: Record<string, string>,
): Promise<never> {
  const told = { action: "operator.payload.refused", outcome: "error", details } as const;
  await record(env, org, id, by, told);
  return fail({ kind: "payload_refused" });
}

interface Told {
  readonly action: OperatorActionName;
  readonly outcome: "allowed" | "error";
  readonly details: Record<string, string>;
}

/** Durable once it resolves: the ledger answers nothing that it could lose. */
async function record(
  env: Env,
  { org, ...placed }: Org,
  id: string,
  by: Operator,
  { outcome, ...told }: Told,
): Promise<void> {
  const deed = { org, ...told, target: `invocation://${id}` };
  const event = { ...eventOf(actionOf(by, deed, Date.now())), outcome };
  const { answer } = await writeToLog(env, { org, ...placed }, (ledger, log) =>
    ledger.append(log, [event]),
  );
  receiptsOf(answer, () => "/reason");
}
