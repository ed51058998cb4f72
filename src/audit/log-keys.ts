/** The keys that sign a log, as its readers may pin them. */

import { requireSeeds } from "#audit/signing/seed-check.ts";
import type { SigningKey } from "#audit/signing/signing-key.ts";
import { signerOf, vkeyOf } from "#audit/signing/signing-keys.ts";
import { findAuditLog } from "#audit/store/audit-logs.ts";
import type { Env } from "#platform/env.ts";
import { originHost } from "#platform/settings.ts";
import { shardDatabase } from "#platform/shards.ts";
import { type LogAddress, logOrigin } from "./audit-log.ts";

/** The log's keys, oldest first; before the first checkpoint, the key that will sign it. */
export async function findLogKeys(
  env: Env,
  address: LogAddress,
): Promise<Omit<SigningKey, "checkpoint">[]> {
  const row = await findAuditLog(shardDatabase(env, address.shard), address);
  const keys = row?.keys ?? [];
  if (keys.length > 0) return keys;
  const origin = logOrigin(originHost(env), address);
  const first = { origin, epoch: row?.keyEpoch ?? 1, seedVersion: row?.seedVersion ?? 1 };
  // Whoever reads the key may pin it: it is a promise.
  await requireSeeds(env, [first.seedVersion]);
  return [{ vkey: vkeyOf(signerOf(env, first)), fromSize: 0, toSize: null }];
}
