import { describe, expect, it } from "vitest";
import { SCOPES } from "#orgs/principal.ts";
import { auditEntries } from "../audit/audit-client.ts";
import { problemOf } from "../harness/answers.ts";
import { ADMIN_TOKEN, call, workerEnv } from "../harness/deployment.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";
import { callAs, signIn } from "../harness/sessions.ts";

interface TokenBody {
  id: string;
  name: string;
  scopes: string[];
  actor: string | null;
  created_by: string;
  expires_at: string | null;
  revoked_at: string | null;
  token?: string;
}

interface Page {
  service_tokens: TokenBody[];
  next_cursor: string | null;
}

const path = (org: string, rest = "") => `/v1/orgs/${org}/service-tokens${rest}`;

async function list(org: string, query = ""): Promise<Page> {
  const response = await call("GET", path(org, query));
  expect(response.status).toBe(200);
  return response.json();
}

describe("POST …/service-tokens", () => {
  it("answers 201 with the token, shown this once", async () => {
    const org = await makeOrg();
    const response = await call("POST", path(org), {
      body: {
        name: "scraper",
        scopes: ["metrics:read", "telemetry:read", "metrics:read"],
        actor: "service:prometheus",
        expires_at: "2999-01-01T00:00:00Z",
      },
    });
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { token, ...rest } = await response.json<TokenBody>();
    expect(token).toMatch(/^mcpgst_[0-9a-z]{16}_[0-9a-z]{52}_[0-9a-z]{7}$/);
    expect(token).toContain(rest.id);
    expect(rest).toMatchObject({
      name: "scraper",
      scopes: ["telemetry:read", "metrics:read"],
      actor: "service:prometheus",
      created_by: "operator:admin",
      expires_at: "2999-01-01T00:00:00.000Z",
      revoked_at: null,
    });
    expect((await list(org)).service_tokens).toEqual([rest]);
  });

  it("stores a digest and no secret, in any column of any table", async () => {
    const org = await makeOrg();
    const { id, token } = await createToken(org, ["org:admin"]);
    const secret = token.split("_")[2] as string;
    const db = workerEnv.DIRECTORY;
    const tables = await db
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .all<{ name: string }>();
    const dumps = await Promise.all(
      tables.results.map(({ name }) => db.prepare(`SELECT * FROM "${name}"`).all()),
    );
    const dump = JSON.stringify(dumps.map(({ results }) => results));
    expect(dump).toContain(id);
    expect(dump).not.toContain(secret);
  });

  it("records the token's making with it", async () => {
    const org = await makeOrg();
    const { id, token } = await createToken(org, ["org:admin"]);
    const made = await call("POST", path(org), {
      token,
      body: { name: "second", scopes: ["audit:read"], expires_at: null, actor: null },
    });
    expect(made.status).toBe(201);
    const second = await made.json<TokenBody>();
    expect(second.created_by).toBe(`service:${id}`);
    const [newest] = await auditEntries(org);
    expect(newest?.event).toMatchObject({
      target: `token://${second.id}`,
      action: "operator.token.created",
      actor: `service:${id}`,
      outcome: "allowed",
      request_id: made.headers.get("x-request-id"),
      details: { name: "second", scopes: "audit:read", actor: null },
    });
  });

  it("lets an org's admin grant any scope of its org but those of payloads, and nobody else any", async () => {
    const org = await makeOrg();
    const admin = await createToken(org, ["org:admin"]);
    const scopes = SCOPES.filter((scope) => !scope.startsWith("payloads:"));
    const body = { name: "all", scopes };
    expect((await call("POST", path(org), { token: admin.token, body })).status).toBe(201);
    const other = await createToken(
      org,
      SCOPES.filter((scope) => scope !== "org:admin"),
    );
    expect((await call("POST", path(org), { token: other.token, body })).status).toBe(403);
  });

  it.each([
    [{ scopes: ["org:admin"] }, "/name"],
    [{ name: "", scopes: ["org:admin"] }, "/name"],
    [{ name: "x".repeat(129), scopes: ["org:admin"] }, "/name"],
    [{ name: "a\u0000b", scopes: ["org:admin"] }, "/name"],
    [{ name: "a\ud800b", scopes: ["org:admin"] }, "/name"],
    [{ name: "a", scopes: [] }, "/scopes"],
    [{ name: "a", scopes: "org:admin" }, "/scopes"],
    [{ name: "a", scopes: ["org:owner"] }, "/scopes/0"],
    [{ name: "a", scopes: ["org:admin"], actor: "operator:admin" }, "/actor"],
    [{ name: "a", scopes: ["org:admin"], actor: "ledger:x" }, "/actor"],
    [{ name: "a", scopes: ["org:admin"], actor: "service:0123456789abcdef" }, "/actor"],
    [{ name: "a", scopes: ["org:admin"], actor: "service:0123456789ABCDEF" }, "/actor"],
    [{ name: "a", scopes: ["org:admin"], actor: "nobody" }, "/actor"],
    [{ name: "a", scopes: ["org:admin"], actor: `user:${"x".repeat(256)}` }, "/actor"],
    [{ name: "a", scopes: ["org:admin"], expires_at: "2020-01-01T00:00:00Z" }, "/expires_at"],
    [{ name: "a", scopes: ["org:admin"], expires_at: 0 }, "/expires_at"],
    [{ name: "a", scopes: ["org:admin"], expires_at: "soon" }, "/expires_at"],
    [{ name: "a", scopes: ["org:admin"], expires_at: 1e300 }, "/expires_at"],
    [{ name: "a", scopes: ["org:admin"], expires_at: true }, "/expires_at"],
    [{ name: "a", scopes: ["org:admin"], digest: "x" }, "/digest"],
  ])("refuses %j with 400 at %s", async (body, pointer) => {
    const org = await makeOrg();
    const response = await call("POST", path(org), { body });
    expect(response.status).toBe(400);
    const { code, errors } = await problemOf(response);
    expect(code).toBe("invalid_request");
    expect(errors?.map((error) => error.pointer)).toEqual([pointer]);
    expect((await list(org)).service_tokens).toEqual([]);
  });
});

describe("A token that sees payloads, or decides who does", () => {
  const PAYLOADS = ["payloads:read", "payloads:grant"] as const;
  type Asked = { token: string } | { cookie: string };

  async function mint(org: string, as: Asked, scopes: readonly string[]): Promise<Response> {
    const body = { name: "viewer", scopes };
    if ("token" in as) return call("POST", path(org), { token: as.token, body });
    return callAs(as.cookie, "POST", path(org), { body });
  }

  it.each(PAYLOADS)("is not made by an org's admin, nor by all other scopes: %s", async (scope) => {
    const org = await makeOrg();
    const { token } = await createToken(
      org,
      SCOPES.filter((one) => one !== "payloads:grant"),
    );
    for (const as of [{ token }, { cookie: await signIn(token) }]) {
      const refused = await mint(org, as, ["telemetry:read", scope]);
      expect(refused.status).toBe(403);
      const problem = await problemOf(refused);
      expect([problem.code, problem.detail]).toEqual([
        "insufficient_scope",
        "The token lacks the scope payloads:grant.",
      ]);
    }
    expect((await list(org)).service_tokens).toHaveLength(1);
    expect(await auditEntries(org, "?action=operator.token.created")).toHaveLength(1);
  });

  it.each(PAYLOADS)("is made by a holder, signed in or not, on the record: %s", async (scope) => {
    const org = await makeOrg();
    const { id, token } = await createToken(org, ["payloads:grant"]);
    for (const as of [{ token }, { cookie: await signIn(token) }]) {
      const made = await mint(org, as, [scope]);
      expect(made.status).toBe(201);
      const [newest] = await auditEntries(org, "?action=operator.token.created");
      expect(newest?.event).toMatchObject({
        target: `token://${(await made.json<TokenBody>()).id}`,
        actor: `service:${id}`,
        details: { scopes: scope },
      });
    }
  });

  it("is all that a holder makes who is no admin", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["payloads:grant", "telemetry:read"]);
    for (const scope of SCOPES.filter((one) => !one.startsWith("payloads:"))) {
      const refused = await mint(org, { token }, ["payloads:read", scope]);
      expect([scope, refused.status, (await problemOf(refused)).detail]).toEqual([
        scope,
        403,
        "The token lacks the scope org:admin.",
      ]);
    }
  });

  it("is first made by the administrator, who sees no payload by that", async () => {
    const org = await makeOrg();
    expect((await mint(org, { token: ADMIN_TOKEN }, PAYLOADS)).status).toBe(201);
    const cookie = await signIn(ADMIN_TOKEN);
    expect((await mint(org, { cookie }, PAYLOADS)).status).toBe(201);
  });

  it("is none of another org's, whoever made it", async () => {
    const [org, other] = [await makeOrg(), await makeOrg()];
    const { token } = await createToken(org, ["payloads:grant"]);
    expect((await mint(other, { token }, ["payloads:read"])).status).toBe(404);
  });
});

describe("An actor that a token may not have", () => {
  it.each([
    ["operator:alice", "operator:… and ledger:… are reserved"],
    ["ledger:x", "operator:… and ledger:… are reserved"],
    ["service:0123456789abcdef", "reserved for the token of that id: leave actor out"],
    // NFC makes a K of the Kelvin sign: what counts is what would be recorded.
    ["service:0123456789abcde\u212a", "reserved for the token of that id"],
    ["nobody", "must be <kind>:<name>, as in service:gateway-1"],
    ["Service:gateway", "must be <kind>:<name>"],
    ["service:a\u0000b", "must be <kind>:<name>"],
  ])("%s is told why, and what to take instead", async (actor, told) => {
    const org = await makeOrg();
    const body = { name: "a", scopes: ["org:admin"], actor };
    const { errors } = await problemOf(await call("POST", path(org), { body }));
    expect(errors).toEqual([{ pointer: "/actor", message: expect.stringContaining(told) }]);
    expect(errors?.[0]?.message).toMatch(/service:gateway-1/);
  });

  it("is none that only looks like one", async () => {
    const org = await makeOrg();
    for (const actor of [
      "service:gateway-1",
      "service:0123456789abcde",
      "operators:x",
      "user:operator:x",
    ]) {
      expect(await createToken(org, ["org:admin"], { actor })).toMatchObject({ actor });
    }
  });
});

describe("GET …/service-tokens", () => {
  it("pages newest first, and stays stable while others insert", async () => {
    const org = await makeOrg();
    const made: string[] = [];
    for (let i = 0; i < 7; i++) made.unshift((await createToken(org, ["metrics:read"])).id);
    const seen: string[] = [];
    let query = "?limit=3";
    for (let page = await list(org, query); ; page = await list(org, query)) {
      seen.push(...page.service_tokens.map(({ id }) => id));
      await createToken(org, ["metrics:read"]);
      if (page.next_cursor === null) break;
      query = `?limit=3&cursor=${page.next_cursor}`;
    }
    expect(seen).toEqual([...made].sort().reverse());
  });

  it("ends a list of exactly one page without a cursor", async () => {
    const org = await makeOrg();
    await createToken(org, ["metrics:read"]);
    await createToken(org, ["metrics:read"]);
    expect((await list(org, "?limit=2")).next_cursor).toBeNull();
    expect((await list(org, "?limit=1")).next_cursor).not.toBeNull();
  });

  it.each([
    "limit=0",
    "limit=1001",
    "limit=1e2",
    "limit=-1",
    "limit=",
    "limit=1&limit=1",
    "cursor=",
    "cursor=!",
    "cursor=bnVsbA",
    `cursor=${btoa(JSON.stringify(["service_tokens", 1])).replaceAll("=", "")}`,
    `cursor=${btoa(JSON.stringify(["invocations", "x"])).replaceAll("=", "")}`,
    `cursor=${btoa(JSON.stringify(["service_tokens", "x", "y"])).replaceAll("=", "")}`,
    `cursor=${btoa('["service_tokens", "x"]').replaceAll("=", "")}`,
    "page=2",
  ])("refuses ?%s with 400", async (query) => {
    const response = await call("GET", path(await makeOrg(), `?${query}`));
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ code: "invalid_request" });
  });
});

describe("DELETE …/service-tokens/{id}", () => {
  it("answers 204 again for a revoked token, and records the revocation once", async () => {
    const org = await makeOrg();
    const { id } = await createToken(org, ["metrics:read"]);
    const statuses = await Promise.all(
      Array.from({ length: 4 }, async () => (await call("DELETE", path(org, `/${id}`))).status),
    );
    expect(statuses).toEqual([204, 204, 204, 204]);
    const [row] = (await list(org)).service_tokens;
    expect(row?.revoked_at).toMatch(/Z$/);
    expect(await auditEntries(org, "?action=operator.token.revoked")).toHaveLength(1);
  });

  it.each(["0000000000000000", "nonsense", "%00"])("answers 404 for %s", async (id) => {
    expect((await call("DELETE", path(await makeOrg(), `/${id}`))).status).toBe(404);
  });
});
