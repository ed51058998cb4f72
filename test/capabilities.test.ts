import { describe, expect, it } from "vitest";
import { MARK_QUERIES } from "#calls/store/counted-marks.ts";
import { jobs } from "#capabilities.ts";
import { runCron } from "#cron.ts";
import { eraseJob } from "#orgs/erase-job.ts";
import { orgParts } from "#orgs/org-lifecycle.ts";
import { pruneJob } from "#orgs/prune-job.ts";
import { orgTables } from "#orgs/store/erase.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { requireStatus } from "./harness/answers.ts";
import { ingest, makeSample } from "./harness/calls.ts";
import { call, workerEnv } from "./harness/deployment.ts";
import { runOnce } from "./harness/in-process.ts";
import { makeOrg } from "./harness/orgs.ts";
import { watchedD1 } from "./harness/watched-d1.ts";

interface Column {
  name: string;
  pk: number;
}

async function columnsOf(table: string): Promise<Column[]> {
  const { results } = await workerEnv.SHARD_0.prepare(
    `PRAGMA table_info("${table}")`,
  ).all<Column>();
  return results;
}

/** Of a shard, those that have rows of orgs. */
async function tablesOfOrgs(): Promise<string[]> {
  const select = `SELECT name FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT GLOB '_cf*' ORDER BY name`;
  const { results } = await workerEnv.SHARD_0.prepare(select).all<{ name: string }>();
  const columns = await Promise.all(results.map(({ name }) => columnsOf(name)));
  const isOfOrgs = columns.map((all) => all.some(({ name }) => name === "org"));
  return results.map(({ name }) => name).filter((_, table) => isOfOrgs[table]);
}

/** The deployment, with the queries that it is sent counted. */
function countedEnv() {
  const sent = { queries: 0 };
  const count = (sql: string, send: () => Promise<unknown>) => {
    sent.queries += sql.split(";\n").length;
    return send();
  };
  const env = {
    ...workerEnv,
    DIRECTORY: watchedD1(workerEnv.DIRECTORY, count),
    SHARD_0: watchedD1(workerEnv.SHARD_0, count),
  };
  return { env, sent };
}

describe("What capabilities keep of an org", () => {
  it("goes with it, table by table: only its name stays, and its log", async () => {
    const erased = orgTables().map(({ table }) => table);
    expect([...erased, "audit_logs", "orgs"].sort()).toEqual(await tablesOfOrgs());
  });

  it("is erased by the keys that its tables have", async () => {
    for (const { table, key } of orgTables()) {
      const columns = await columnsOf(table);
      const primary = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
      expect([table, primary.map(({ name }) => name)]).toEqual([
        table,
        ["org", ...key.split(", ")],
      ]);
    }
  });

  it("is named once each", () => {
    const names = orgParts().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("is opened before there is an org, and closed with it", async () => {
    const org = await makeOrg();
    const log = "SELECT count(*) AS n FROM audit_logs WHERE org = ?1";
    expect(await workerEnv.SHARD_0.prepare(log).bind(org).first("n")).toBe(1);
    const endpoint = "https://siem.example.com/in";
    const body = { audit: { forward: { endpoint } } };
    await requireStatus(200, call("PUT", `/v1/orgs/${org}/observability`, { body }));
    await requireStatus(202, call("DELETE", `/v1/orgs/${org}`));
    const streams = "SELECT count(*) AS n FROM observability WHERE org = ?1";
    expect(await workerEnv.DIRECTORY.prepare(streams).bind(org).first("n")).toBe(0);
    expect(await workerEnv.SHARD_0.prepare(log).bind(org).first("n")).toBe(1);
  });
});

describe("A step", () => {
  it("of pruning and of erasing sends as many queries as it says", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample()]);
    const { retention } = (await findOrg(workerEnv.DIRECTORY, org))!;
    const { env, sent } = countedEnv();
    await runOnce(env, pruneJob, [{ org, retention }]);
    // Of what is counted under another name there is nothing to mark: one look says so.
    expect(sent.queries).toBe(pruneJob.queries - (MARK_QUERIES - 1));
    await call("DELETE", `/v1/orgs/${org}`);
    sent.queries = 0;
    await runOnce(env, eraseJob, [org]);
    expect(sent.queries).toBe(eraseJob.queries);
    expect(await findOrg(workerEnv.DIRECTORY, org)).toMatchObject({ state: "deleted" });
  });
});

describe("A tick that has nothing to do", () => {
  it("sends a query or two a job, one for what it remembers, one for decisions, and two each for its seeds and its key-encryption keys", async () => {
    await runCron(workerEnv, Date.now());
    await workerEnv.DIRECTORY.prepare("UPDATE orgs SET shard = 'SHARD_9'").run();
    const { env, sent } = countedEnv();
    await runCron(env, Date.now(), () => Promise.reject(new Error("nothing to run")));
    expect(sent.queries).toBeLessThanOrEqual(6 + jobs.length);
    await workerEnv.DIRECTORY.prepare("UPDATE orgs SET shard = 'SHARD_0'").run();
  });
});
