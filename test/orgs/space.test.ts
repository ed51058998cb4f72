import { createExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { app } from "#app.ts";
import { foldAll } from "#calls/store/fold/fold.ts";
import { pruneOnce } from "#calls/store/prune.ts";
import { runCron } from "#cron.ts";
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import { spaceJob } from "#orgs/space/space-job.ts";
import { decideSpace, findShardBytes } from "#orgs/store/space-rows.ts";
import type { Env } from "#platform/env.ts";
import type { AnyJob } from "#platform/jobs/job.ts";
import { problemOf } from "../harness/answers.ts";
import { ingest, makeSample } from "../harness/calls.ts";
import { ADMIN_TOKEN, workerEnv } from "../harness/deployment.ts";
import { inProcess } from "../harness/in-process.ts";
import { makeOrg } from "../harness/orgs.ts";
import { watchedD1 } from "../harness/watched-d1.ts";
import { callSpan, otherSpan, resourceSpans } from "../otlp/http/otlp.ts";

const db = workerEnv.SHARD_0;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
let warned: MockInstance<typeof console.warn>;

beforeEach(async () => {
  warned = vi.spyOn(console, "warn").mockReturnValue();
  // Each test has the shard for itself.
  for (const table of [
    "tool_invocations",
    "arrivals",
    "series",
    "spans",
    "rollups_hourly",
    "rollups_daily",
  ]) {
    await db.prepare(`DELETE FROM ${table}`).run();
  }
  await db.prepare("UPDATE orgs SET state = 'deleted', refused_since_ms = NULL").run();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The deployment whose shard has so many bytes that it is this full now. */
async function filledTo(part: number): Promise<Env> {
  const bytes = Math.ceil((await findShardBytes(db)) / part);
  return { ...workerEnv, MCPG_SHARD_BYTES_MAX: String(bytes) };
}

const served = [spaceJob] as readonly AnyJob[];

function tick(env: Env): Promise<void> {
  return runCron(env, Date.now(), inProcess(env, served), served);
}

function send(env: Env, path: string, body: unknown, type = "application/json"): Promise<Response> {
  const request = new Request(`https://mcpg.test/v1/orgs/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": type },
    body: body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
  });
  return Promise.resolve(app.fetch(request, env, createExecutionContext()));
}

const report = (env: Env, org: string, samples: readonly unknown[] = [makeSample()]) =>
  send(env, `${org}/invocations`, { instance_id: "gw-1", invocations: samples });

async function ask(env: Env, path: string): Promise<Response> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  return app.request(`https://mcpg.test/v1/orgs/${path}`, { headers }, env);
}

interface IngestStatus {
  refused_since: string | null;
  shard_bytes: number;
  shard_bytes_limit: number;
  org_bytes: number | null;
}

async function ingestOf(env: Env, org: string): Promise<IngestStatus> {
  const status = await (await ask(env, `${org}/observability/status`)).json();
  return (status as { ingest: IngestStatus }).ingest;
}

/** An org whose samples are two hours old. */
async function makeOrgOf(samples: number): Promise<string> {
  const org = await makeOrg();
  const old = { started_at: Date.now() - 2 * HOUR_MS };
  for (let sent = 0; sent < samples; sent += 1_000) {
    const count = Math.min(1_000, samples - sent);
    await ingest(
      org,
      Array.from({ length: count }, () => makeSample(old)),
    );
  }
  await foldAll(
    db,
    { org, generation: 1, seriesMax: 10, seriesLabelBytesMax: 10_000 },
    Date.now,
    () => false,
  );
  return org;
}

async function refusedOrgs(): Promise<string[]> {
  const select = "SELECT org FROM orgs WHERE refused_since_ms IS NOT NULL";
  return (await db.prepare(select).all<{ org: string }>()).results.map(({ org }) => org);
}

/** All that `makeOrgOf` made. */
async function pruneOld(org: string): Promise<void> {
  const cutoffs = {
    samplesBeforeMs: Date.now() - HOUR_MS,
    hoursBefore: 0,
    daysBefore: 0,
    minutesBefore: 0,
    quartersBefore: 0,
  };
  let isDone = false;
  while (!isDone) isDone = await pruneOnce(db, org, cutoffs);
}

describe("A shard that is 90 % full", () => {
  it("refuses its largest org by name, never a neighbour, until pruning has made room", async () => {
    const [small, large, other] = [
      await makeOrgOf(200),
      await makeOrgOf(4_000),
      await makeOrgOf(500),
    ];
    const env = await filledTo(0.91);
    const answers: [org: string, status: number][] = [];
    const reports = Array.from({ length: 40 }, async (_, at) => {
      const org = [small, large, other][at % 3]!;
      if (at % 8 === 3) await tick(env);
      answers.push([org, (await report(env, org)).status]);
    });
    await Promise.all(reports);
    await tick(env);
    expect(answers.filter(([org, status]) => org !== large && status !== 200)).toEqual([]);
    expect(await refusedOrgs()).toEqual([large]);
    for (const org of [small, other]) expect((await report(env, org)).status).toBe(200);
    const refusal = await report(env, large);
    expect([refusal.status, refusal.headers.get("retry-after")]).toEqual([503, "300"]);
    const { code, detail } = await problemOf(refusal);
    expect([code, detail]).toEqual([
      "shard_full_for_org",
      expect.stringMatching(/largest on a shard that is 9\d % full.*Shorten its retention/),
    ]);
    await pruneOld(large);
    await tick(env);
    expect(await refusedOrgs()).toEqual([]);
    expect(await (await report(env, large)).json()).toMatchObject({ accepted: 1 });
    const events = warned.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(events).toMatchObject([
      { event: "samples and spans are refused", org: large, shard: "SHARD_0" },
      { event: "samples and spans are taken again", org: large },
    ]);
  });

  it("takes that org's heartbeats, its audit entries and its resends' sums all the same", async () => {
    const org = await makeOrgOf(2_000);
    const env = await filledTo(0.95);
    await tick(env);
    const heartbeat = await report(env, org, []);
    expect([heartbeat.status, await heartbeat.json()]).toEqual([
      200,
      { accepted: 0, duplicates: 0, rejected: [] },
    ]);
    // A report none of whose samples can be taken is one too.
    expect((await report(env, org, [{ nonsense: true }])).status).toBe(200);
    const event = { actor: "user:a", action: "tool.call.allowed", outcome: "allowed" };
    expect((await send(env, `${org}/audit`, { instance_id: "g", events: [event] })).status).toBe(
      201,
    );
    expect((await report(env, org)).status).toBe(503);
    const rows = "SELECT count(*) AS n FROM tool_invocations WHERE org = ?1";
    expect(await db.prepare(rows).bind(org).first("n")).toBe(2_000);
  });

  it("refuses spans with a Status that a client retries, calls or not, and keeps none", async () => {
    const org = await makeOrgOf(2_000);
    const env = await filledTo(0.92);
    await tick(env);
    const span = callSpan();
    for (const traces of [[span], [otherSpan(span)], [span, otherSpan(span)]]) {
      for (const [encoding, type] of [
        ["json", "application/json"],
        ["protobuf", "application/x-protobuf"],
      ] as const) {
        const body = encodeTraces([resourceSpans(traces)], encoding);
        const answer = await send(env, `${org}/otlp/v1/traces`, body, type);
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "300"]);
        expect(answer.headers.get("content-type")).toBe(type);
        if (encoding === "json") expect(await answer.json()).toMatchObject({ code: 14 });
      }
    }
    const rows = "SELECT count(*) AS n FROM spans WHERE org = ?1";
    expect(await db.prepare(rows).bind(org).first("n")).toBe(0);
  });

  it("is shown: in the org's status and its metrics", async () => {
    const [small, large] = [await makeOrgOf(100), await makeOrgOf(3_000)];
    const env = await filledTo(0.91);
    await tick(env);
    const limit = Number(env.MCPG_SHARD_BYTES_MAX);
    const [ofSmall, ofLarge] = [await ingestOf(env, small), await ingestOf(env, large)];
    expect(ofSmall).toMatchObject({ refused_since: null, shard_bytes_limit: limit });
    expect(ofLarge.refused_since).toMatch(/Z$/);
    expect(ofLarge.shard_bytes).toBeGreaterThan(0.9 * limit);
    expect(ofLarge.org_bytes).toBeGreaterThan(5 * (ofSmall.org_bytes ?? 0));
    const pages = await Promise.all(
      [small, large].map(async (org) => (await ask(env, `${org}/metrics`)).text()),
    );
    for (const [at, org] of [small, large].entries()) {
      const labels = `{org="${org}",shard="SHARD_0"}`;
      expect(pages[at]).toContain(`mcpg_shard_refused${labels} ${at}\n`);
      expect(pages[at]).toContain(`mcpg_shard_bytes_limit${labels} ${limit}\n`);
      const bytes = Number(/^mcpg_shard_bytes\{.*\} (\d+)$/m.exec(pages[at] ?? "")?.[1]);
      expect(Math.abs(bytes - ofLarge.shard_bytes)).toBeLessThan(0.05 * limit);
    }
  });
});

describe("Refusing", () => {
  it("begins at 90 %, not at 89, and ends below 85 %, not at 86", async () => {
    const org = await makeOrgOf(2_000);
    for (const [part, isRefused] of [
      [0.84, false],
      [0.89, false],
      [0.905, true],
      [0.89, true],
      [0.86, true],
      [0.84, false],
    ] as const) {
      const env = await filledTo(part);
      await tick(env);
      expect([part, await refusedOrgs()]).toEqual([part, isRefused ? [org] : []]);
    }
  });

  it("waits until every org was measured, so that none is refused for being first by name", async () => {
    const [first, large] = [await makeOrgOf(100), await makeOrgOf(2_000)];
    await db
      .prepare("UPDATE orgs SET bytes = 7, measured_at_ms = 0 WHERE org IN (?1, ?2)")
      .bind(first, large)
      .run();
    const decision = { hasRoom: false, isFull: true, measuredSinceMs: Date.now() - 20 * MINUTE_MS };
    expect(await decideSpace(db, decision, Date.now())).toEqual({ released: null, refused: null });
    await tick(await filledTo(0.91));
    expect(await refusedOrgs()).toEqual([large]);
  });

  it("moves on when another has become the largest by a tenth, and to a deleted org's neighbour", async () => {
    const [one, two] = [await makeOrg(), await makeOrg()];
    const set = (org: string, bytes: number) =>
      db.prepare("UPDATE orgs SET bytes = ?2 WHERE org = ?1").bind(org, bytes).run();
    const decision = { hasRoom: false, isFull: true, measuredSinceMs: 0 };
    await set(one, 1_000);
    await set(two, 900);
    const decide = () => decideSpace(db, decision, Date.now());
    expect(await decide()).toEqual({ released: null, refused: one });
    await set(two, 1_090);
    expect(await decide()).toEqual({ released: null, refused: null });
    await set(two, 1_110);
    expect(await decide()).toEqual({ released: one, refused: two });
    await db.prepare("UPDATE orgs SET state = 'deleted' WHERE org = ?1").bind(two).run();
    expect(await decide()).toEqual({ released: two, refused: one });
  });

  it("is one org's at a time, whoever decides, and in the table itself", async () => {
    const orgs = [await makeOrg(), await makeOrg(), await makeOrg()];
    const decision = { hasRoom: false, isFull: true, measuredSinceMs: 0 };
    await Promise.all(
      orgs.map(async (org, at) => {
        await db
          .prepare("UPDATE orgs SET bytes = ?2 WHERE org = ?1")
          .bind(org, 1_000 * (at + 1))
          .run();
        await decideSpace(db, decision, Date.now());
        expect((await refusedOrgs()).length).toBeLessThanOrEqual(1);
      }),
    );
    const both = "UPDATE orgs SET refused_since_ms = 1 WHERE state = 'active'";
    await expect(db.prepare(both).run()).rejects.toThrow("UNIQUE");
  });

  it("costs a shard with room one query a tick, measures every ten minutes once it is filling, and writes no more", async () => {
    const org = await makeOrgOf(1_000);
    let queries: string[] = [];
    const watched = watchedD1(db, (sql, send) => {
      queries.push(...sql.split(";\n"));
      return send();
    });
    const ofJob = () =>
      queries.filter((sql) => !/job_cursors|audit_logs|clock|data_keys/.test(sql));
    await tick({ ...(await filledTo(0.5)), SHARD_0: watched });
    expect(ofJob()).toHaveLength(1);
    const env = { ...(await filledTo(0.87)), SHARD_0: watched };
    await db.prepare("UPDATE orgs SET measured_at_ms = 0").run();
    await tick(env);
    const select = "SELECT bytes FROM orgs WHERE org = ?1";
    expect(await db.prepare(select).bind(org).first("bytes")).toBeGreaterThan(100_000);
    queries = [];
    await tick(env);
    expect(ofJob().filter((sql) => sql.startsWith("UPDATE orgs SET bytes"))).toEqual([]);
    const elevenMinutesAgo = "UPDATE orgs SET measured_at_ms = measured_at_ms - ?1";
    await db
      .prepare(elevenMinutesAgo)
      .bind(11 * MINUTE_MS)
      .run();
    await tick(env);
    expect(ofJob().filter((sql) => sql.startsWith("UPDATE orgs SET bytes"))).not.toEqual([]);
  });
});
