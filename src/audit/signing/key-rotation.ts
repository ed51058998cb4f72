/**
 * Announces a log's next signing key. Both keys sign the head that covers the announcement; later ones the
 * new key signs alone.
 */

import type { AuditEvent } from "#audit/audit-event.ts";
import { type LogAddress, logOrigin } from "#audit/audit-log.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import { ownEvent, ownEventId } from "#audit/own-event.ts";
import { beginRotation, findAuditLog } from "#audit/store/audit-logs.ts";
import { LEDGER_ACTIONS } from "#formats/ledger/entry.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { originHost } from "#platform/settings.ts";
import { shardDatabase } from "#platform/shards.ts";
import { withSeedsChosen } from "./first-seed.ts";
import { requireSeeds } from "./seed-check.ts";
import { newestSeedVersion, signerOf, vkeyOf } from "./signing-keys.ts";

/** The vkey that takes over with the next checkpoint. Repeating the call before then changes nothing. */
export async function announceKey(
  env: Env,
  address: LogAddress,
  recordedBy: string,
): Promise<string> {
  const db = shardDatabase(env, address.shard);
  const found = await findAuditLog(db, address);
  const [row] = found === null ? [] : await withSeedsChosen(env, db, [found]);
  if (row === undefined || row.frozenReason !== null) {
    return fail({ kind: "conflict", detail: "The log is not open." });
  }
  const origin = logOrigin(originHost(env), address);
  const seedVersion = row.rotationSeedVersion ?? newestSeedVersion(env);
  // Before the announcement: the checkpoint that covers it takes both keys.
  await requireSeeds(env, [row.seedVersion, seedVersion]);
  const key = { origin, epoch: row.keyEpoch + 1, seedVersion };
  const vkey = vkeyOf(signerOf(env, key));
  const event = rotatedEvent(key, vkey, recordedBy);
  const result = await callLedger(env, address, (ledger) => ledger.append(address, [event]));
  const seq = result.kind === "appended" ? result.receipts[0]?.seq : undefined;
  if (seq === undefined) {
    return fail({ kind: "conflict", detail: "The key could not be announced; try again." });
  }
  const isBegun = await beginRotation(db, row, { seq, seedVersion }, Date.now());
  if (!isBegun)
    fail({ kind: "conflict", detail: "Another rotation was under way; look at the keys." });
  return vkey;
}

function rotatedEvent(
  { origin, epoch, seedVersion }: { origin: string; epoch: number; seedVersion: number },
  vkey: string,
  recordedBy: string,
): AuditEvent {
  return ownEvent({
    action: LEDGER_ACTIONS.keyRotated,
    actor: recordedBy,
    details: { epoch: String(epoch), vkey },
    event_id: ownEventId(`${origin}\n${epoch}\n${seedVersion}`),
    recorded_by: recordedBy,
  });
}
