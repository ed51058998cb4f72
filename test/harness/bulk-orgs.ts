/** Orgs by the thousand, as their databases know them: over HTTP they would take minutes. */
import { ingest, makeSample } from "./calls.ts";
import { workerEnv } from "./deployment.ts";
import { makeOrg } from "./orgs.ts";

const { DIRECTORY, SHARD_0 } = workerEnv;

/** In the order of their names. */
export async function insertOrgs(count: number, prefix = "bulk"): Promise<string[]> {
  const run = crypto.randomUUID().slice(0, 8);
  const orgs = Array.from(
    { length: count },
    (_, org) => `${prefix}-${run}-${String(org).padStart(5, "0")}`,
  );
  const names = JSON.stringify(orgs);
  const inDirectory = `INSERT INTO orgs (org, tier, shard, created_at_ms, updated_at_ms)
    SELECT value, 'enterprise', 'SHARD_0', 0, 0 FROM json_each(?1)`;
  await DIRECTORY.prepare(inDirectory).bind(names).run();
  const onShard = "INSERT INTO orgs (org, generation) SELECT value, 1 FROM json_each(?1)";
  await SHARD_0.prepare(onShard).bind(names).run();
  return orgs;
}

/** A report's arrival, to be copied into other orgs: made over HTTP, and nobody's any more. */
export async function makeArrival(): Promise<string> {
  const org = await makeOrg();
  await ingest(org, [makeSample()]);
  const select = "SELECT payload FROM arrivals WHERE org = ?1";
  const payload = await SHARD_0.prepare(select).bind(org).first<string>("payload");
  await SHARD_0.prepare("DELETE FROM arrivals WHERE org = ?1").bind(org).run();
  return payload ?? "";
}

/** So many reports of each org, old enough to be folded; of so many bytes, as a fold is told. */
export async function insertArrivals(
  orgs: readonly string[],
  payload: string,
  reports = 1,
  bytes = payload.length,
): Promise<void> {
  const insert = `WITH RECURSIVE report(number) AS
      (SELECT 1 UNION ALL SELECT number + 1 FROM report WHERE number < ?4)
    INSERT INTO arrivals (org, id, received_ms, bytes, payload)
    SELECT value, ?2 || printf('-%06d', number), 0, ?5, ?3 FROM json_each(?1), report`;
  const id = crypto.randomUUID();
  await SHARD_0.prepare(insert).bind(JSON.stringify(orgs), id, payload, reports, bytes).run();
}

/** How often each was folded. */
export async function foldsOf(orgs: readonly string[]): Promise<Map<string, number>> {
  const select =
    "SELECT org, folds FROM orgs WHERE org IN (SELECT value FROM json_each(?1)) ORDER BY org";
  const { results } = await SHARD_0.prepare(select)
    .bind(JSON.stringify(orgs))
    .all<{ org: string; folds: number }>();
  return new Map(results.map(({ org, folds }) => [org, folds]));
}
