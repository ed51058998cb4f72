/** An org on the shard alone, for tests of the store below HTTP. */
import type { ReportHeader } from "#calls/arrival.ts";
import { type Call, isRejection, parseSample } from "#calls/call.ts";
import { insertReports } from "#calls/store/insert-calls.ts";
import { insertShardOrg } from "#orgs/store/shard-orgs.ts";
import { makeSample, type SampleFields } from "./calls.ts";
import { workerEnv } from "./deployment.ts";

export const db = workerEnv.SHARD_0;

export async function makeShardOrg(seriesMax = 10_000, seriesLabelBytesMax = 1_000_000) {
  const limits = { seriesMax, seriesLabelBytesMax };
  const org = { org: `shard-${crypto.randomUUID()}`, generation: 1, ...limits };
  await insertShardOrg(db, org.org, org.generation);
  return org;
}

export type ShardTestOrg = Awaited<ReturnType<typeof makeShardOrg>>;

export function header(fields: Partial<ReportHeader> = {}): ReportHeader {
  const none = { epochMs: null, seq: null, dropped: null, isFinal: null };
  return { instance: "gw-1", ...none, receivedAtMs: Date.now(), ...fields };
}

export function invocation(fields: SampleFields = {}, receivedAtMs = Date.now()): Call {
  const context = {
    ...header({ receivedAtMs }),
    batchId: null,
    fingerprintKey: new Uint8Array(32),
    knownErrors: new Map(),
  };
  const parsed = parseSample(makeSample(fields), 0, context);
  if (isRejection(parsed)) throw new Error(parsed.message);
  return parsed;
}

export async function store(
  org: ShardTestOrg,
  samples: readonly Call[],
  fields: Partial<ReportHeader> = {},
): Promise<void> {
  const result = await insertReports(db, org, [{ header: header(fields), calls: samples }]);
  if (result.kind !== "stored") throw new Error(result.kind);
}

/** Since when the shard is too full for this org, or that it is not: no other org is refused then, for one may be. */
export async function refuseOrg(org: string, sinceMs: number | null): Promise<void> {
  await db.batch([
    db.prepare("UPDATE orgs SET refused_since_ms = NULL WHERE refused_since_ms IS NOT NULL"),
    db.prepare("UPDATE orgs SET refused_since_ms = ?2 WHERE org = ?1").bind(org, sinceMs),
  ]);
}

/** All that has arrived has waited for so long that a tick folds it. */
export async function makeArrivalsOld(org: string): Promise<void> {
  const sql = "UPDATE arrivals SET received_ms = received_ms - 900000 WHERE org = ?1";
  await db.prepare(sql).bind(org).run();
}

export async function countRows(org: string, table: string): Promise<number> {
  const sql = `SELECT count(*) AS n FROM ${table} WHERE org = ?1`;
  return (await db.prepare(sql).bind(org).first<number>("n")) ?? 0;
}

/** Sum of a column over the org's rows. */
export async function sumOf(org: string, table: string, column: string): Promise<number> {
  const sql = `SELECT total(${column}) AS n FROM ${table} WHERE org = ?1`;
  return (await db.prepare(sql).bind(org).first<number>("n")) ?? 0;
}
