import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { app, routes } from "#app.ts";
import { SCOPES } from "#orgs/principal.ts";
import type { Env } from "#platform/env.ts";
import { requireStatus } from "../harness/answers.ts";
import { call, workerEnv } from "../harness/deployment.ts";
import { createToken, makeOrg, newOrgName } from "../harness/orgs.ts";
import { watchedD1 } from "../harness/watched-d1.ts";

/** What a request made the Worker wait for: each query, and each ledger it spoke to. */
const waits: string[] = [];

const watched = (db: D1Database) =>
  watchedD1(db, (sql, send) => {
    waits.push(sql);
    return send();
  });

const env: Env = {
  ...workerEnv,
  DIRECTORY: watched(workerEnv.DIRECTORY),
  SHARD_0: watched(workerEnv.SHARD_0),
  LEDGER: new Proxy(workerEnv.LEDGER, {
    get: (target, property) => {
      waits.push(`LEDGER.${String(property)}`);
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  }),
};

interface Seen {
  status: number;
  body: unknown;
  waits: string[];
}

async function ask(method: string, path: string, token: string | null): Promise<Seen> {
  waits.length = 0;
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const request = new Request(`https://mcpg.test${path}`, { method, headers });
  const response = await app.fetch(request, env);
  const { request_id: _, ...body } = (await response.json()) as Record<string, unknown>;
  return { status: response.status, body, waits: [...waits] };
}

/** An org that keeps its log to itself, in use at the time. */
async function privateOrg(): Promise<string> {
  const org = await makeOrg();
  await requireStatus(200, call("GET", `/v1/orgs/${org}/audit/status`));
  return org;
}

async function deletedOrg(): Promise<string> {
  const org = await privateOrg();
  await requireStatus(202, call("DELETE", `/v1/orgs/${org}`));
  return org;
}

const KINDS = { missing: async () => newOrgName(), private: privateOrg, deleted: deletedOrg };
const kinds = () =>
  Promise.all(
    Object.entries(KINDS).map(async ([kind, make]) => [kind, await make()] as [string, string]),
  );

const publish = (org: string, publishes_audit_log: boolean) =>
  requireStatus(200, call("PATCH", `/v1/orgs/${org}`, { body: { publishes_audit_log } }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => vi.useRealTimers());

describe("Who sends no token", () => {
  /** Within 5 s of the first request, and after. */
  async function askOften(org: string, path: string): Promise<Seen[]> {
    const seen: Seen[] = [];
    for (const afterMs of [0, 1, 4_998, 1, 5_000]) {
      vi.setSystemTime(Date.now() + afterMs);
      seen.push(await ask("GET", `/v1/orgs/${org}/audit/log/${path}`, null));
    }
    return seen;
  }

  async function askAll(orgs: readonly [string, string][], path: string): Promise<Seen[][]> {
    const seen: Seen[][] = [];
    for (const [, org] of orgs) seen.push(await askOften(org, path));
    return seen;
  }

  it.each(["checkpoint", "tile/0/000", "tile/0/000.p/3"])(
    "waits for the same, of an org that is private, deleted or not there, first and later: %s",
    async (path) => {
      const orgs = await kinds();
      const [first = [], ...others] = await askAll(orgs, path);
      expect(first.map(({ status }) => status)).toEqual(Array(5).fill(401));
      expect(first.map(({ waits }) => waits.length)).toEqual([1, 0, 0, 1, 1]);
      for (const other of others) expect(other).toEqual(first);
    },
  );

  it("waits for nothing where nobody is let in, whoever the org is", async () => {
    for (const [kind, org] of await kinds()) {
      for (const path of ["/log/tile/entries/000", "/log/consistency?old=1&new=2", "/status"]) {
        const { status, waits } = await ask("GET", `/v1/orgs/${org}/audit${path}`, null);
        expect([kind, path, status, waits]).toEqual([kind, path, 401, []]);
      }
    }
  });

  it("hides no new org from those who have a token, nor for more than 5 s from anyone", async () => {
    const org = newOrgName();
    const path = `/v1/orgs/${org}/audit/log/checkpoint`;
    expect((await ask("GET", path, null)).status).toBe(401);
    await requireStatus(201, call("POST", "/v1/orgs", { body: { org, tier: "pro" } }));
    await requireStatus(200, call("GET", `/v1/orgs/${org}`));
    const { token } = await createToken(org, ["audit:read"]);
    await requireStatus(200, call("GET", `/v1/orgs/${org}/audit/status`, { token }));
    // As another isolate does it, which this one does not hear of.
    await workerEnv.DIRECTORY.prepare("UPDATE orgs SET publishes_audit_log = 1 WHERE org = ?1")
      .bind(org)
      .run();
    await requireStatus(200, call("POST", `/v1/orgs/${org}/audit/checkpoint`));
    expect((await call("GET", path, { token: null })).status).toBe(401);
    vi.setSystemTime(Date.now() + 5_000);
    expect((await call("GET", path, { token: null })).status).toBe(200);
  });

  it("is let in, and kept out, as soon as the org says so here", async () => {
    const org = await privateOrg();
    await requireStatus(200, call("POST", `/v1/orgs/${org}/audit/checkpoint`));
    const path = `/v1/orgs/${org}/audit/log/checkpoint`;
    const statuses: number[] = [];
    for (const publishes of [false, true, false, true]) {
      await publish(org, publishes);
      statuses.push((await call("GET", path, { token: null })).status);
    }
    await requireStatus(202, call("DELETE", `/v1/orgs/${org}`));
    statuses.push((await call("GET", path, { token: null })).status);
    expect(statuses).toEqual([401, 200, 401, 200, 401]);
  });

  it("sees in no answer's time that a private org was changed", async () => {
    const org = await privateOrg();
    const path = `/v1/orgs/${org}/audit/log/checkpoint`;
    await ask("GET", path, null);
    const body = { limits: { series_max: 5 } };
    await requireStatus(200, call("PATCH", `/v1/orgs/${org}`, { body }));
    expect((await ask("GET", path, null)).waits).toEqual([]);
    await requireStatus(202, call("DELETE", `/v1/orgs/${org}`));
    expect((await ask("GET", path, null)).waits).toEqual([]);
  });
});

describe("Who has a token of another org", () => {
  let token: string;
  beforeAll(async () => {
    token = (await createToken(await makeOrg(), [...SCOPES])).token;
  });

  const stated = routes.map(({ statement }) => statement);
  const ofOrgs = stated.filter(({ path, scope }) => path.includes(":org") && scope !== null);

  it.each(ofOrgs.map(({ method, path }) => `${method} ${path}`))(
    "waits for nothing, and is told the same, whether the org is there or not: %s",
    async (name) => {
      const [method = "", pattern = ""] = name.split(" ");
      const path = (org: string) =>
        pattern.replace(":org", org).replaceAll(/:\w+(\{[^}]*\})?/g, "1");
      await ask("GET", path(newOrgName()), token);
      for (const [, org] of await kinds()) {
        const { status, body, waits } = await ask(method.toUpperCase(), path(org), token);
        expect([status, waits]).toEqual([404, []]);
        expect(body).toMatchObject({ code: "not_found" });
        expect(JSON.stringify(body)).not.toContain(org);
      }
    },
  );
});
