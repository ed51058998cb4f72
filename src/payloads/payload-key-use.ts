/**
 * Which of an org's keys its payloads are sealed with, and sealing them with the newest, so that earlier ones can be
 * destroyed: with them goes what was erased, in every copy of the database, and nothing else.
 */
import {
  countByVersion,
  type EarlierRow,
  findEarlierRows,
  findWalk,
  noteWalk,
  RESEALED_PER_PAGE,
  type ResealedRow,
  replaceRows,
} from "#payloads/store/resealing.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import type { KeyedOrg } from "#vault/data-key-purpose.ts";
import { dataKeyOf, newestDataKey } from "#vault/data-keys.ts";
import type { KeyUse } from "#vault/key-uses.ts";
import type { VersionedKey } from "#vault/seal.ts";
import { resealRow } from "./reseal-row.ts";

export const payloadKeyUse: KeyUse = {
  purpose: "payload",
  // The walk, its page, the newest key and one for each row, the rows, and how far it came; and to count, two.
  queries: 2 + 1 + 2 * RESEALED_PER_PAGE + 1 + 2,
  async count(env, org) {
    const db = shardDatabase(env, org.shard);
    const { counts, isAll } = await countByVersion(db, org.org);
    if (isAll) return counts;
    const { version: newest } = await newestDataKey(env, org, "payload");
    const { isDone } = await findWalk(db, org.org, newest);
    // Where not all were counted, none is surely free of rows but those that the walk has passed.
    for (let version = 1; version < newest; version += 1) {
      if (isDone) counts.delete(version);
      else counts.set(version, counts.get(version) ?? 1);
    }
    return counts;
  },
  async reseal(env, org, newest) {
    const db = shardDatabase(env, org.shard);
    const { afterId, isDone } = await findWalk(db, org.org, newest);
    if (isDone) return "done";
    const { rows, endId } = await findEarlierRows(db, org.org, afterId, newest);
    const to = await newestDataKey(env, org, "payload");
    // Another made a later one meanwhile: its own walk begins with the next turn.
    if (to.version !== newest) return "more";
    const resealed = await resealedRows(env, org, rows, to);
    if (!(await replaceRows(db, org.org, newest, resealed))) return "more";
    await noteWalk(db, org.org, newest, { afterId: endId ?? afterId, isDone: endId === null });
    return endId === null ? "done" : "more";
  },
};

/** Those whose key is destroyed stay what they are. */
async function resealedRows(
  env: Env,
  org: KeyedOrg,
  rows: readonly EarlierRow[],
  to: VersionedKey,
): Promise<ResealedRow[]> {
  const resealed: ResealedRow[] = [];
  for (const row of rows) {
    const from = await dataKeyOf(env, org, "payload", row.keyVersion);
    if (from === null) continue;
    resealed.push({ ...row, resealed: await resealRow(org.org, row, { from, to }) });
  }
  return resealed;
}
