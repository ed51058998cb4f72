import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "#app.ts";
import { SCOPES } from "#orgs/principal.ts";
import { sha256Hex } from "#orgs/service-token.ts";
import { findEndedSessions, seeWebSession } from "#orgs/store/web-session-rows.ts";
import { sessionEndJob } from "#orgs/web-session/session-end-job.ts";
import type { Env } from "#platform/env.ts";
import { auditEntries } from "../audit/audit-client.ts";
import { requireStatus } from "../harness/answers.ts";
import { ADMIN_TOKEN, call, workerEnv } from "../harness/deployment.ts";
import { runOnce } from "../harness/in-process.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";
import { callAs, OWN_PAGE, signIn } from "../harness/sessions.ts";
import { watchedD1 } from "../harness/watched-d1.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** As long as an isolate may go by what it read before. */
const CACHED_MS = 30_000;

interface Row {
  last_seen_at_ms: number;
  ends_at_ms: number;
  expires_at_ms: number;
}

const { DIRECTORY } = workerEnv;
const digestOf = (cookie: string) => sha256Hex(cookie.slice(cookie.indexOf("=") + 1));
const rowOf = (cookie: string) =>
  DIRECTORY.prepare("SELECT * FROM web_sessions WHERE digest = ?1")
    .bind(digestOf(cookie))
    .first<Row>();

/** As another isolate does it, which this one does not hear of. */
const run = (sql: string, ...values: unknown[]) =>
  DIRECTORY.prepare(sql)
    .bind(...values)
    .run();

async function newSession(): Promise<{ org: string; id: string; token: string; cookie: string }> {
  const org = await makeOrg();
  const created = await createToken(org, [...SCOPES]);
  return { org, ...created, cookie: await signIn(created.token) };
}

const statusOf = async (cookie: string, path = "/v1/session") =>
  (await callAs(cookie, "GET", path)).status;
const poll = async (cookie: string) => {
  const headers = { "x-mcpg-poll": "1" };
  return (await callAs(cookie, "GET", "/v1/session", { headers })).status;
};
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => vi.useRealTimers());

describe("A session", () => {
  it("ends 30 minutes after it was last used, and not before", async () => {
    const { cookie } = await newSession();
    pass(30 * MINUTE_MS - 1);
    expect(await statusOf(cookie)).toBe(200);
    pass(30 * MINUTE_MS - 1);
    expect(await statusOf(cookie)).toBe(200);
    pass(30 * MINUTE_MS);
    expect(await statusOf(cookie)).toBe(401);
  });

  it("is kept alive by no poll of the page, which is served while it lives", async () => {
    const { cookie } = await newSession();
    for (let minute = 0; minute < 29; minute += 1) {
      pass(MINUTE_MS);
      expect(await poll(cookie)).toBe(200);
    }
    pass(MINUTE_MS);
    expect([await poll(cookie), await statusOf(cookie)]).toEqual([401, 401]);
  });

  it("ends 12 hours after it began, however much it is used", async () => {
    const { cookie } = await newSession();
    const endMs = Date.now() + 12 * HOUR_MS;
    for (; Date.now() < endMs; pass(20 * MINUTE_MS)) {
      expect(await statusOf(cookie)).toBe(200);
    }
    vi.setSystemTime(endMs - 1);
    expect(await statusOf(cookie)).toBe(200);
    vi.setSystemTime(endMs);
    expect(await statusOf(cookie)).toBe(401);
  });

  it("of the administrator ends after one hour", async () => {
    const cookie = await signIn(ADMIN_TOKEN);
    const endMs = Date.now() + HOUR_MS;
    pass(25 * MINUTE_MS);
    expect(await statusOf(cookie)).toBe(200);
    pass(25 * MINUTE_MS);
    expect(await statusOf(cookie)).toBe(200);
    vi.setSystemTime(endMs);
    expect(await statusOf(cookie)).toBe(401);
  });

  it("that was made by a clock that was ahead is none until that time, but for a minute", async () => {
    pass(2 * HOUR_MS);
    const ahead = await newSession();
    pass(30_000 - 2 * HOUR_MS);
    const now = await newSession();
    pass(-30_000);
    expect([await statusOf(ahead.cookie), await statusOf(now.cookie)]).toEqual([401, 200]);
  });

  it("that has ended is brought back by no use of it", async () => {
    const { cookie } = await newSession();
    const before = await rowOf(cookie);
    pass(30 * MINUTE_MS);
    await seeWebSession(DIRECTORY, digestOf(cookie), Date.now());
    expect(await rowOf(cookie)).toEqual(before);
  });

  it("ends with its token's own time", async () => {
    const org = await makeOrg();
    const expires_at = Date.now() + 10 * MINUTE_MS;
    const { token } = await createToken(org, ["telemetry:read"], { expires_at });
    const cookie = await signIn(token);
    const told = (await (await callAs(cookie, "GET", "/v1/session")).json()) as Row & {
      expires_at: string;
    };
    expect(Date.parse(told.expires_at)).toBe(expires_at);
    pass(10 * MINUTE_MS);
    expect(await statusOf(cookie)).toBe(401);
  });

  it("costs a row each five minutes that it is used in, and no more", async () => {
    const { cookie, org } = await newSession();
    let writes = 0;
    const directory = watchedD1(DIRECTORY, async (sql, send) => {
      if (/UPDATE|INSERT|DELETE/.test(sql)) writes += 1;
      return send();
    });
    const env: Env = { ...workerEnv, DIRECTORY: directory };
    const url = `https://mcpg.test/v1/orgs/${org}/instances`;
    const use = async () => {
      const request = new Request(url, { headers: { ...OWN_PAGE, cookie } });
      expect((await app.fetch(request, env)).status).toBe(200);
    };
    for (let second = 0; second < 3_600; second += 15) {
      pass(15_000);
      await use();
    }
    expect(writes).toBe(12);
  });

  it("is written as used once, of many uses at the same time", async () => {
    const { cookie } = await newSession();
    pass(6 * MINUTE_MS);
    const nowMs = Date.now();
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(cookie)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect((await rowOf(cookie))?.last_seen_at_ms).toBe(nowMs);
  });
});

describe("A session is dead within 30 s everywhere", () => {
  const ends: [string, (made: Awaited<ReturnType<typeof newSession>>) => Promise<unknown>][] = [
    [
      "whose token was revoked elsewhere",
      ({ id }) => run("UPDATE service_tokens SET revoked_at_ms = 1 WHERE id = ?1", id),
    ],
    [
      "that was signed out elsewhere",
      ({ cookie }) => run("DELETE FROM web_sessions WHERE digest = ?1", digestOf(cookie)),
    ],
    [
      "whose token became another org's",
      ({ id }) => run("UPDATE service_tokens SET org = 'default' WHERE id = ?1", id),
    ],
  ];

  it.each(ends)("%s", async (_, end) => {
    await requireStatus(200, call("GET", "/v1/orgs/default"));
    const made = await newSession();
    expect(await statusOf(made.cookie, `/v1/orgs/${made.org}/instances`)).toBe(200);
    await end(made);
    pass(CACHED_MS);
    expect(await statusOf(made.cookie)).toBe(401);
    expect(await statusOf(made.cookie, `/v1/orgs/${made.org}/instances`)).toBe(401);
    expect(await statusOf(made.cookie, "/v1/orgs/default/instances")).toBe(401);
  });

  it("and at once where its token is revoked, or its org closed", async () => {
    const [revoked, closed] = [await newSession(), await newSession()];
    const path = `/v1/orgs/${revoked.org}/service-tokens/${revoked.id}`;
    await requireStatus(204, call("DELETE", path));
    expect(await statusOf(revoked.cookie)).toBe(401);
    await requireStatus(202, call("DELETE", `/v1/orgs/${closed.org}`));
    expect(await rowOf(closed.cookie)).toBeNull();
    pass(CACHED_MS);
    expect(await statusOf(closed.cookie)).toBe(401);
  });

  it("the administrator's where MCPG_ADMIN_TOKEN is another", async () => {
    const cookie = await signIn(ADMIN_TOKEN);
    const ask = async (env: Env) => {
      const headers = { ...OWN_PAGE, cookie };
      const request = new Request("https://mcpg.test/v1/session", { headers });
      return (await app.fetch(request, env)).status;
    };
    expect(await ask({ ...workerEnv })).toBe(200);
    expect(await ask({ ...workerEnv, MCPG_ADMIN_TOKEN: "another-token-0123456789" })).toBe(401);
  });

  it("though it is about to be written as used: what is gone stays gone", async () => {
    const { cookie } = await newSession();
    pass(5 * MINUTE_MS - 1_000);
    expect(await statusOf(cookie)).toBe(200);
    await run("DELETE FROM web_sessions WHERE digest = ?1", digestOf(cookie));
    // Still within the 30 s in which it is known here.
    pass(1_000);
    expect(await statusOf(cookie)).toBe(401);
    expect(await rowOf(cookie)).toBeNull();
  });

  it("and not before it is: one that was used elsewhere is judged by what it is now", async () => {
    const { cookie } = await newSession();
    pass(30 * MINUTE_MS - 10_000);
    expect(await poll(cookie)).toBe(200);
    const nowMs = Date.now();
    await run(
      "UPDATE web_sessions SET last_seen_at_ms = ?2, ends_at_ms = ?3 WHERE digest = ?1",
      digestOf(cookie),
      nowMs,
      nowMs + 30 * MINUTE_MS,
    );
    pass(11_000);
    expect(await statusOf(cookie)).toBe(200);
  });

  it("a token that was revoked a moment ago makes none", async () => {
    const org = await makeOrg();
    const { token, id } = await createToken(org, ["org:admin"]);
    await requireStatus(200, call("GET", `/v1/orgs/${org}`, { token }));
    await run("UPDATE service_tokens SET revoked_at_ms = 1 WHERE id = ?1", id);
    const answer = call("POST", "/v1/session", { token: null, body: { token } });
    await requireStatus(401, answer);
    const { results } = await run("SELECT 1 FROM web_sessions WHERE token_id = ?1", id);
    expect(results).toEqual([]);
    expect(await auditEntries(org, "?action=operator.session.created")).toEqual([]);
  });

  it("nor does one whose org was closed a moment ago", async () => {
    const org = await makeOrg();
    const { token, id } = await createToken(org, ["org:admin"]);
    await requireStatus(200, call("GET", `/v1/orgs/${org}`, { token }));
    await run("UPDATE orgs SET state = 'deleted' WHERE org = ?1", org);
    await requireStatus(401, call("POST", "/v1/session", { token: null, body: { token } }));
    const { results } = await run("SELECT 1 FROM web_sessions WHERE token_id = ?1", id);
    expect(results).toEqual([]);
  });

  it.each(["org", "token_id", "created_at_ms", "expires_at_ms", "digest"])(
    "and nobody's but its own: its %s never changes",
    async (column) => {
      const { cookie } = await newSession();
      const sql = `UPDATE web_sessions SET ${column} = ?2 WHERE digest = ?1`;
      const other = column === "digest" ? "a".repeat(64) : "9999999999999";
      await expect(run(sql, digestOf(cookie), other)).rejects.toThrow(/its idle end/);
    },
  );
});

describe("The ledger", () => {
  const endings = async (org: string) =>
    (await auditEntries(org, "?action=operator.session.ended")).map(({ event }) => [
      event["target"],
      (event.details as Record<string, unknown>)["reason"],
    ]);
  const sweep = async (env: Env = workerEnv) => {
    const items = await findEndedSessions(DIRECTORY, Date.now(), 1_000);
    await runOnce(env, sessionEndJob, items);
    return items.map(({ digest }) => digest);
  };
  const targetOf = (cookie: string) => `session://${digestOf(cookie).slice(0, 32)}`;
  /** The outbox is brought to the ledger with the next deed. */
  const bring = (org: string) => createToken(org, ["org:admin"]);

  it("says who signed in, by which token and until when, and who signed out", async () => {
    const org = await makeOrg();
    const { token, id } = await createToken(org, ["audit:read"], { actor: "user:alice@acme" });
    const cookie = await signIn(token);
    await requireStatus(204, callAs(cookie, "DELETE", "/v1/session"));
    const [created] = await auditEntries(org, "?action=operator.session.created");
    expect(created?.event).toMatchObject({
      actor: "user:alice@acme",
      target: targetOf(cookie),
      details: { "mcpg.token_id": id },
    });
    expect(JSON.stringify(created)).not.toContain(cookie.split("=")[1]);
    expect(await endings(org)).toEqual([[targetOf(cookie), "signed_out"]]);
  });

  it("tells the administrator's in the log of the org that every deployment has", async () => {
    const cookie = await signIn(ADMIN_TOKEN);
    const entries = await auditEntries("default", "?action=operator.session.created");
    const own = entries.find(({ event }) => event["target"] === targetOf(cookie));
    expect(own?.event).toMatchObject({ actor: "operator:admin" });
  });

  it("says of each that ended by itself why, once, whoever sweeps", async () => {
    const [idle, revoked] = [await newSession(), await newSession()];
    const path = `/v1/orgs/${revoked.org}/service-tokens/${revoked.id}`;
    await requireStatus(204, call("DELETE", path));
    const org = await makeOrg();
    const expires_at = Date.now() + 10 * MINUTE_MS;
    const short = await signIn((await createToken(org, ["org:admin"], { expires_at })).token);
    pass(30 * MINUTE_MS);
    await Promise.all([sweep(), sweep(), sweep()]);
    for (const one of [idle.org, revoked.org, org]) await bring(one);
    expect(await endings(idle.org)).toEqual([[targetOf(idle.cookie), "idle"]]);
    expect(await endings(revoked.org)).toEqual([[targetOf(revoked.cookie), "revoked"]]);
    expect(await endings(org)).toEqual([[targetOf(short), "expired"]]);
    expect(await rowOf(idle.cookie)).toBeNull();
  });

  it("ends none that was used since it was listed", async () => {
    const { cookie, org } = await newSession();
    pass(30 * MINUTE_MS);
    const listed = await findEndedSessions(DIRECTORY, Date.now(), 1_000);
    expect(listed.map(({ digest }) => digest)).toContain(digestOf(cookie));
    await run(
      "UPDATE web_sessions SET ends_at_ms = ?2 WHERE digest = ?1",
      digestOf(cookie),
      Date.now() + 30 * MINUTE_MS,
    );
    await runOnce(workerEnv, sessionEndJob, listed);
    expect(await rowOf(cookie)).not.toBeNull();
    await bring(org);
    expect(await endings(org)).toEqual([]);
  });
});
