/**
 * What is kept of a call may be another sample's: a caller's span told of what its call carried, or the gateway did, and
 * another's sample counts the call. It is sealed for the id that it was told of by, so it is sealed anew for the sample,
 * redacted by the names that this has. In the transaction that decides how the call is counted it is marked, and moved
 * by the next tick, or by who asks for it before. The mark has a proof, sealed with the key of the payload itself: who
 * can write the databases alone brings no payload to another call.
 */
import type { MovedCall } from "#calls/call-payload.ts";
import { ORG_TAKES_REPORTS } from "#calls/store/insert-statements.ts";
import { uuid7TimeMs } from "#formats/uuid7.ts";
import type { Org } from "#orgs/org.ts";
import {
  dropMoved,
  findKept,
  findMoved,
  type MovedRow,
  markMoved,
  replaceMoved,
  unmarkMoved,
} from "#payloads/store/moved-payloads.ts";
import { insertPayloads } from "#payloads/store/payload-rows.ts";
import { countRefused } from "#payloads/store/refused-payloads.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import type { KeyedOrg } from "#vault/data-key-purpose.ts";
import { dataKeyOf, newestDataKey } from "#vault/data-keys.ts";
import { UNVERSIONED_KEY } from "#vault/data-seal.ts";
import { keyVersionOf, type Seal, sealWith, type VersionedKey } from "#vault/seal.ts";
import { type MovedPlacement, movedFields } from "./moved-fields.ts";

/** What calls/call-payload.ts asks of who keeps payloads. */
export async function moveReported(
  env: Env,
  org: KeyedOrg,
  calls: readonly MovedCall[],
): Promise<readonly D1PreparedStatement[]> {
  const db = shardDatabase(env, org.shard);
  const kept = await findKept(
    db,
    org.org,
    calls.map(({ id }) => id),
  );
  const moves = new Map<string, readonly [string, string]>();
  for (const { id, sampleId } of calls) {
    const version = kept.get(id);
    const key = version === undefined ? null : await keyOf(env, org, version);
    if (key === null) continue;
    moves.set(id, [sampleId, await proofBy(key).close("", [id, sampleId])]);
  }
  return moves.size === 0 ? [] : [markMoved(db, org.org, moves)];
}

export interface MovedPayloads {
  readonly rows: number;
  /** Of these, where they belong now, or gone: the others wait for the org to take writes. */
  readonly settled: number;
  /** Of these, altered or marked by others: they are counted, and stay where nobody asks for them. */
  readonly refused: number;
}

/** Of one sample, for who asks for its payload, or some of all. */
export async function moveMarked(
  env: Env,
  org: Org,
  of: { limit: number; sampleId?: string },
): Promise<MovedPayloads> {
  const rows = await findMoved(shardDatabase(env, org.shard), org.org, of);
  const became = { moved: 0, waits: 0, refused: 0 };
  for (const row of rows) became[await moveRow(env, org, row)] += 1;
  const { moved, refused } = became;
  return { rows: rows.length, settled: moved + refused, refused };
}

async function moveRow(env: Env, org: Org, row: MovedRow): Promise<"moved" | "waits" | "refused"> {
  const db = shardDatabase(env, org.shard);
  const to = await newestDataKey(env, org, "payload");
  if (row.keyVersion < 1 || row.keyVersion > to.version) return refuse(db, org, row);
  const from = await keyOf(env, org, row.keyVersion);
  if (from === null) return drop(db, org, row);
  if (!(await isMarkedByUs(env, org, row))) return refuse(db, org, row);
  if (row.place === null) return drop(db, org, row);
  const placement: MovedPlacement = { org, place: row.place, keys: { from, to } };
  const fields = await movedFields(placement, row);
  if (fields === null) return refuse(db, org, row);
  const payload = { id: row.sampleId, keyVersion: to.version, ...fields };
  // Its call was acknowledged: it is moved however full the shard is.
  const guard = { org, oldestMs: uuid7TimeMs(row.sampleId), condition: ORG_TAKES_REPORTS };
  const { writes } = insertPayloads(db, guard, [payload]);
  return (await replaceMoved(db, org.org, row, writes)) ? "moved" : "waits";
}

/** A key that cannot be had throws: what it sealed stays as it is until it can. */
async function isMarkedByUs(
  env: Env,
  org: KeyedOrg,
  { id, sampleId, proof }: MovedRow,
): Promise<boolean> {
  const version = versionOf(proof ?? "");
  const key = version === null ? null : await keyOf(env, org, version);
  if (key === null) return false;
  return proofBy(key)
    .open(proof ?? "", [id, sampleId])
    .then(
      () => true,
      () => false,
    );
}

function versionOf(proof: string): number | null {
  try {
    return keyVersionOf(proof, UNVERSIONED_KEY);
  } catch {
    return null;
  }
}

function keyOf(env: Env, org: KeyedOrg, version: number): Promise<VersionedKey | null> {
  return dataKeyOf(env, org, "payload", version);
}

function proofBy(key: VersionedKey): Seal {
  return sealWith({
    newest: async () => key,
    of: async () => key,
    unversioned: UNVERSIONED_KEY,
  });
}

async function drop(db: D1Database, { org }: KeyedOrg, row: MovedRow): Promise<"moved"> {
  await dropMoved(db, org, row);
  return "moved";
}

async function refuse(db: D1Database, { org }: KeyedOrg, row: MovedRow): Promise<"refused"> {
  await countRefused(db, org);
  await unmarkMoved(db, org, row);
  return "refused";
}
