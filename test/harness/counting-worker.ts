/** The Worker under measurement, with the rows that D1 bills counted and single folds callable. */

import { app } from "#app.ts";
import { foldedOrg } from "#calls/figures/read-figures.ts";
import { settleOnce } from "#calls/pairing/settle-calls.ts";
import { foldOnce } from "#calls/store/fold/fold.ts";
import { pruneOnce } from "#calls/store/prune.ts";
import { runCron } from "#cron.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { BilledRows } from "./billed-rows.ts";
import { copyQuarter } from "./copied-quarters.ts";
import { type PostedReport, ReadyInserts } from "./ready-inserts.ts";

const billed = new BilledRows();
const ready = new ReadyInserts();
const counted = new WeakMap<Env, Env>();

/** One env a real env, as in production: settings are parsed once. */
function countedEnv(env: Env): Env {
  const known = counted.get(env);
  if (known !== undefined) return known;
  const wrapped = { ...env, SHARD_0: billed.counting(env.SHARD_0) };
  counted.set(env, wrapped);
  return wrapped;
}

export { Ledger } from "#audit/ledger/ledger.ts";
export { JobRun } from "#cron.ts";

export default {
  async fetch(request: Request, rawEnv: Env, ctx: ExecutionContext): Promise<Response> {
    const env = countedEnv(rawEnv);
    const { pathname, searchParams } = new URL(request.url);
    const name = searchParams.get("org") ?? "";
    if (pathname === "/bench/rows") return Response.json(billed.take());
    if (pathname === "/bench/settle") return Response.json(await settleTurns(env, name));
    if (pathname === "/bench/ready") {
      await makeReady(env, name, await request.json<PostedReport[]>());
      return Response.json({});
    }
    if (pathname === "/bench/insert-ready") {
      await ready.run(env.SHARD_0);
      return Response.json({});
    }
    if (pathname === "/bench/fold") return Response.json(await foldChunks(env, name));
    if (pathname === "/bench/copy-activity") {
      await copyActivity(env.SHARD_0, name);
      return Response.json({});
    }
    if (pathname === "/bench/copy-quarter") {
      const [fromMs = 0, quarters = 0] = ["from", "quarters"].map((key) =>
        Number(searchParams.get(key)),
      );
      await copyQuarter(env.SHARD_0, name, fromMs, quarters);
      return Response.json({});
    }
    if (pathname === "/bench/prune") {
      const cutoffs = {
        samplesBeforeMs: Date.now() + 3_600_000,
        hoursBefore: 0,
        daysBefore: 0,
        minutesBefore: 0,
        quartersBefore: 0,
      };
      return Response.json({ done: await pruneOnce(env.SHARD_0, name, cutoffs) });
    }
    return app.fetch(request, env, ctx);
  },

  scheduled: (controller: ScheduledController, rawEnv: Env) =>
    runCron(countedEnv(rawEnv), controller.scheduledTime),
};

async function makeReady(env: Env, name: string, reports: readonly PostedReport[]): Promise<void> {
  const org = await findOrg(env.DIRECTORY, name);
  if (org !== null) ready.prepare(env.SHARD_0, org, reports);
}

/** Settles all that is due; the milliseconds of each turn. */
async function settleTurns(env: Env, name: string): Promise<number[]> {
  const org = await findOrg(env.DIRECTORY, name);
  const turnsMs: number[] = [];
  for (;;) {
    const startedAt = Date.now();
    const { generation } = org ?? { generation: 0 };
    const owner = { org: name, generation, shard: "SHARD_0" };
    const result = await settleOnce(env, owner, Date.now());
    if (result === "empty") return turnsMs;
    turnsMs.push(Date.now() - startedAt);
  }
}

/** Folds all there is; the milliseconds of each chunk. */
async function foldChunks(env: Env, name: string): Promise<number[]> {
  const org = await findOrg(env.DIRECTORY, name);
  if (org === null) return [];
  const db = shardDatabase(env, org.shard);
  const folded = foldedOrg(org);
  const chunksMs: number[] = [];
  for (;;) {
    const startedAt = Date.now();
    if ((await foldOnce(db, folded, Date.now())) === "empty") return chunksMs;
    chunksMs.push(Date.now() - startedAt);
  }
}

/** Makes of a quarter of an hour of activity the 95 before it. */
async function copyActivity(db: D1Database, org: string): Promise<void> {
  const copy = (table: string, window: string, windows: number) => `WITH RECURSIVE
    k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < 95)
    INSERT INTO ${table} (org, ${window}, block, totals, plugins, series)
    SELECT a.org, a.${window} - ${windows} * k.n, a.block, a.totals, a.plugins, a.series
    FROM k CROSS JOIN ${table} a WHERE a.org = ?1`;
  await db
    .prepare(copy("activity_minutes", "minute", 15))
    .bind(org)
    .all();
  await db
    .prepare(copy("activity_quarters", "quarter", 1))
    .bind(org)
    .all();
}
