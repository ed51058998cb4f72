/** The keys that sign a log, as its readers may pin them. */

import { withSeedsChosen } from "#audit/signing/first-seed.ts";
import { findOriginFault } from "#audit/signing/origin-check.ts";
import { requireSeeds } from "#audit/signing/seed-check.ts";
import type { SigningKey } from "#audit/signing/signing-key.ts";
import { newestSeedVersion, signerOf, vkeyOf } from "#audit/signing/signing-keys.ts";
import { findAuditLog } from "#audit/store/audit-logs.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { originHost } from "#platform/settings.ts";
import { shardDatabase } from "#platform/shards.ts";
import { type LogAddress, logOrigin } from "./audit-log.ts";

/** The log's keys, oldest first; before the first checkpoint, the key that will sign it. */
export async function findLogKeys(
  env: Env,
  address: LogAddress,
): Promise<Omit<SigningKey, "checkpoint">[]> {
  const db = shardDatabase(env, address.shard);
  const row = await findAuditLog(db, address);
  if (row !== null && row.keys.length > 0) return row.keys;
  // Whoever reads the key may pin it: it is a promise.
  const [promised] = row === null ? [] : await withSeedsChosen(env, db, [row]);
  const origin = logOrigin(originHost(env), address);
  const seedVersion = promised?.seedVersion ?? newestSeedVersion(env);
  const first = { origin, epoch: promised?.keyEpoch ?? 1, seedVersion };
  await requireSeeds(env, [first.seedVersion]);
  const fault = await findOriginFault(env);
  if (fault !== null) fail(fault);
  return [{ vkey: vkeyOf(signerOf(env, first)), fromSize: 0, toSize: null }];
}
