import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "#platform/env.ts";
import { problemOf, refusal, requireStatus } from "../../harness/answers.ts";
import { ADMIN_TOKEN, call, METRICS_TOKEN, workerEnv } from "../../harness/deployment.ts";
import { createToken, makeOrg, newOrgName } from "../../harness/orgs.ts";
import { watchedD1 } from "../../harness/watched-d1.ts";
import {
  ask,
  callerOf,
  challenged,
  makeIssuer,
  ORIGIN,
  pathOf,
  putIdentity,
  resourceUrl,
  serveIssuers,
  signedToken,
  trust,
} from "./issuer-kit.ts";

beforeEach(() => serveIssuers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const metadataUrl = (org: string) => `${ORIGIN}/.well-known/oauth-protected-resource${pathOf(org)}`;
const AT = (org: string) => `scope="tools:call", resource_metadata="${metadataUrl(org)}"`;

describe("A caller", () => {
  it("with a service token is who the token says, and its key is the token's own", async () => {
    const org = await makeOrg();
    const plain = await createToken(org, ["tools:call"]);
    const named = await createToken(org, ["tools:call"], { actor: "user:alice@acme" });
    expect(await callerOf(ask(pathOf(org), { token: plain.token }))).toMatchObject({
      actor: `service:${plain.id}`,
      tokenId: plain.id,
      principalKey: `token:${plain.id}`,
      issuer: null,
      groups: [],
      tags: {},
    });
    expect(await callerOf(ask(pathOf(org), { token: named.token }))).toMatchObject({
      actor: "user:alice@acme",
      tokenId: named.id,
      principalKey: `token:${named.id}`,
    });
  });

  it("may be the administrator, and is not the metrics token", async () => {
    const org = await makeOrg();
    const { actor, tokenId } = await callerOf(ask(pathOf(org), { token: ADMIN_TOKEN }));
    expect([actor, tokenId]).toEqual(["operator:admin", null]);
    const answer = ask(pathOf(org), { token: METRICS_TOKEN });
    expect(await refusal(answer)).toEqual([403, "insufficient_scope"]);
  });

  it.each(["ES256", "RS256", "PS384", "EdDSA"])(
    "with a JWT signed by %s carries its issuer, groups, client and texts",
    async (alg) => {
      const org = await makeOrg();
      const issuer = await makeIssuer(alg);
      await trust(org, issuer, { groups_claim: "groups" });
      const token = await signedToken(issuer, org, {
        groups: ["dev", "ops"],
        client_id: "claude",
        department: "R\u0026D",
        level: 7,
      });
      expect(await callerOf(ask(pathOf(org), { token }))).toEqual({
        actor: `user:${issuer.url}#alice`,
        groups: ["dev", "ops"],
        tokenId: null,
        clientId: "claude",
        issuer: issuer.url,
        tags: { sub: "alice", client_id: "claude", department: "R\u0026D" },
        principalKey: `jwt:${issuer.url}#alice`,
        principal: null,
      });
    },
  );

  it("has the actor that prefix and claim make, where a prefix is set", async () => {
    const org = await makeOrg();
    const issuer = await makeIssuer();
    await trust(org, issuer, { actor_claim: "email", actor_prefix: "user:" });
    const token = await signedToken(issuer, org, { email: "alice@acme", email_verified: true });
    const { actor, principalKey } = await callerOf(ask(pathOf(org), { token }));
    expect([actor, principalKey]).toEqual(["user:alice@acme", `jwt:${issuer.url}#alice`]);
  });

  it("may have a token for the audience that the org set, or for the resource itself", async () => {
    const org = await makeOrg();
    const issuer = await makeIssuer();
    await trust(org, issuer, { audience: "api://mcp" });
    for (const aud of ["api://mcp", ["other", "api://mcp"], resourceUrl(org)]) {
      const token = await signedToken(issuer, org, { aud });
      expect((await ask(pathOf(org), { token })).status).toBe(200);
    }
    const token = await signedToken(issuer, org, { aud: "api://mcp2" });
    expect((await ask(pathOf(org), { token })).status).toBe(401);
  });
});

describe("401", () => {
  it("sends a client to the org's issuers: where to look, and all scopes that the call needs", async () => {
    const org = await makeOrg();
    await trust(org, await makeIssuer());
    expect(await challenged(ask(pathOf(org)))).toEqual([401, `Bearer ${AT(org)}`]);
    const basic = { authorization: "Basic YTpi" };
    expect(await challenged(ask(pathOf(org), { headers: basic }))).toEqual([
      401,
      `Bearer ${AT(org)}`,
    ]);
  });

  it("says invalid_token where a token came, and why", async () => {
    const org = await makeOrg();
    const issuer = await makeIssuer();
    await trust(org, issuer);
    const token = await signedToken(issuer, org, { exp: 1_000 });
    expect(await challenged(ask(pathOf(org), { token }))).toEqual([
      401,
      `Bearer error="invalid_token", error_description="The token has expired", ${AT(org)}`,
    ]);
  });

  it("is plain where the org set no issuer", async () => {
    const org = await makeOrg();
    expect(await challenged(ask(pathOf(org)))).toEqual([401, "Bearer"]);
    const token = await signedToken(await makeIssuer(), org);
    expect(await challenged(ask(pathOf(org), { token }))).toEqual([
      401,
      'Bearer error="invalid_token"',
    ]);
  });
});

describe("403 insufficient_scope", () => {
  it("names all that the call needs, to a JWT with other scopes and to a service token", async () => {
    const org = await makeOrg();
    const issuer = await makeIssuer();
    await trust(org, issuer);
    const { token } = await createToken(org, ["audit:read"]);
    const challenge = `Bearer error="insufficient_scope", error_description="The token lacks the scope tools:call", ${AT(org)}`;
    const others = [{ scope: "openid profile" }, { scp: ["mail"] }, { scope: "" }, { scp: 7 }];
    const tokens = await Promise.all(others.map((claims) => signedToken(issuer, org, claims)));
    for (const one of [token, ...tokens]) {
      expect(await challenged(ask(pathOf(org), { token: one }))).toEqual([403, challenge]);
    }
  });

  it("is not said where the scope is there, or the token carries none", async () => {
    const org = await makeOrg();
    const issuer = await makeIssuer();
    await trust(org, issuer);
    const claims = [
      {},
      { scope: "openid tools:call" },
      { scp: ["tools:call"] },
      { scp: "tools:call" },
    ];
    for (const scopes of claims) {
      const token = await signedToken(issuer, org, scopes);
      expect((await ask(pathOf(org), { token })).status).toBe(200);
    }
  });
});

describe("A stranger", () => {
  const waits: string[] = [];
  const env: Env = {
    ...workerEnv,
    DIRECTORY: watchedD1(workerEnv.DIRECTORY, (sql, send) => {
      waits.push(sql);
      return send();
    }),
  };

  interface Seen {
    status: number;
    told: [string, string][];
    body: Record<string, unknown>;
    waits: string[];
  }

  async function orgs(): Promise<string[]> {
    const [plain, emptied, deleted] = [await makeOrg(), await makeOrg(), await makeOrg()];
    await trust(emptied, await makeIssuer());
    await requireStatus(200, putIdentity(emptied, { issuers: [] }));
    await trust(deleted, await makeIssuer());
    await requireStatus(202, call("DELETE", `/v1/orgs/${deleted}`));
    return [newOrgName(), plain, emptied, deleted];
  }

  async function seen(path: string, token: string | null, headers: object = {}): Promise<Seen> {
    waits.length = 0;
    const response = await ask(path, { token, headers: { ...headers }, env });
    const { request_id: _, ...body } = (await response.json()) as Record<string, unknown>;
    const told = [...response.headers].filter(([name]) => name !== "x-request-id");
    return { status: response.status, told, body, waits: [...waits] };
  }

  const credentials: [sent: string, token: () => Promise<string | null>, headers: object][] = [
    ["no token", async () => null, {}],
    ["a JWT", async () => signedToken(await makeIssuer(), newOrgName()), {}],
    ["a page's origin", async () => null, { origin: "https://evil.example.com" }],
  ];
  it.each(credentials)(
    "with %s is answered alike, and waits for the same, where the org is not there, has no issuer, had one, or is deleted",
    async (_sent, token, headers) => {
      const sent = await token();
      const answers: Seen[] = [];
      const later: Seen[] = [];
      for (const org of await orgs()) {
        answers.push(await seen(pathOf(org), sent, headers));
        later.push(await seen(pathOf(org), sent, headers));
      }
      expect(answers[0]?.waits).toHaveLength(1);
      expect(later[0]?.waits).toEqual([]);
      for (const answer of answers) expect(answer).toEqual(answers[0]);
      for (const answer of later) expect(answer).toEqual(later[0]);
    },
  );

  it("with another org's service token gets the 404 of an org that is not there, and waits for nothing", async () => {
    const { token } = await createToken(await makeOrg(), ["tools:call"]);
    await seen(pathOf(newOrgName()), token);
    const theirs = await makeOrg();
    await trust(theirs, await makeIssuer());
    for (const org of [theirs, ...(await orgs())]) {
      const { status, body, waits: queries } = await seen(pathOf(org), token);
      expect([status, body["code"], queries]).toEqual([404, "not_found", []]);
    }
  });
});

describe("An org's change of its issuers", () => {
  it("is in force at once where it was made, and within 30 s elsewhere", async () => {
    const org = await makeOrg();
    const issuer = await makeIssuer();
    const token = await signedToken(issuer, org);
    expect((await ask(pathOf(org), { token })).status).toBe(401);
    await trust(org, issuer);
    expect((await ask(pathOf(org), { token })).status).toBe(200);
    // As another isolate does it, which this one does not hear of.
    await workerEnv.DIRECTORY.prepare("UPDATE identity SET has_issuers = 0 WHERE org = ?1")
      .bind(org)
      .run();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
    expect((await ask(pathOf(org), { token })).status).toBe(401);
  });

  it("is over with the org: a JWT of a deleted one is refused at once", async () => {
    const org = await makeOrg();
    const issuer = await makeIssuer();
    await trust(org, issuer);
    const token = await signedToken(issuer, org);
    expect((await ask(pathOf(org), { token })).status).toBe(200);
    await requireStatus(202, call("DELETE", `/v1/orgs/${org}`));
    expect(await challenged(ask(pathOf(org), { token }))).toEqual([
      401,
      'Bearer error="invalid_token"',
    ]);
  });
});

describe("A web page", () => {
  it.each([
    ["https://evil.example.com", 403],
    ["null", 403],
    ["https://mcpg.local.evil.example.com", 403],
    ["https://mcpg.local:8443", 403],
    ["http://mcpg.local", 403],
    ["https://mcpg.local/", 403],
    ["https://mcpg.test", 403],
    ["http://127.0.0.1@evil.example.com", 403],
    ["http://localhost.evil.example.com", 403],
    ["", 403],
    ["https://mcpg.local", 200],
    ["http://localhost:6274", 200],
    ["http://127.0.0.1:6274", 200],
  ])(
    "of origin %j gets %i, whatever host it calls and however good its token is",
    async (origin, status) => {
      const org = await makeOrg();
      const { token } = await createToken(org, ["tools:call"]);
      for (const host of [ORIGIN, "http://127.0.0.1:8787", "https://evil.example.com"]) {
        const answer = await ask(pathOf(org), { token, headers: { origin }, origin: host });
        expect(answer.status).toBe(status);
        if (status === 403) expect((await problemOf(answer)).code).toBe("origin_not_allowed");
      }
    },
  );

  it("of loopback is a stranger's on a deployment", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["tools:call"]);
    const env = { ...workerEnv, MCPG_LOCAL: "false", MCPG_ORIGIN: "mcpg.example.com" };
    const answer = (origin: string) => ask(pathOf(org), { token, env, headers: { origin } });
    expect((await answer("http://localhost:6274")).status).toBe(403);
    expect((await answer("https://mcpg.example.com")).status).toBe(200);
  });

  it("may call where the org allows its origin, and at no other org", async () => {
    const [org, other] = [await makeOrg(), await makeOrg()];
    const issuer = await makeIssuer();
    const headers = { origin: "https://app.example.com" };
    const body = {
      issuers: [{ issuer: issuer.url, actor_claim: "sub" }],
      allowed_origins: [headers.origin],
    };
    await requireStatus(200, putIdentity(org, body));
    await trust(other, issuer);
    const token = await signedToken(issuer, org);
    expect((await ask(pathOf(org), { token, headers })).status).toBe(200);
    const there = await signedToken(issuer, other, { aud: resourceUrl(other) });
    expect((await ask(pathOf(other), { token: there, headers })).status).toBe(403);
  });
});

describe("A web page that may call", () => {
  it("reads whatever the answer is, and where to get a token; others read nothing", async () => {
    const org = await makeOrg();
    await trust(org, await makeIssuer());
    const origin = "http://localhost:6274";
    const { token } = await createToken(org, ["tools:call"]);
    for (const sent of [token, null]) {
      const { headers } = await ask(pathOf(org), { token: sent, headers: { origin } });
      expect(headers.get("access-control-allow-origin")).toBe(origin);
      expect(headers.get("access-control-expose-headers")).toContain("www-authenticate");
      expect(headers.get("vary")).toBe("Origin");
      expect(headers.get("access-control-allow-credentials")).toBeNull();
    }
    const evil = { origin: "https://evil.example.com" };
    for (const headers of [evil, {}]) {
      const answer = await ask(pathOf(org), { token, headers });
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  it("is told so before it calls, with the headers that it means to send", async () => {
    const org = await makeOrg();
    const preflight = (origin: string | null, asked: string, path = pathOf(org)) =>
      call("OPTIONS", path, {
        token: null,
        headers: {
          ...(origin !== null && { origin }),
          "access-control-request-method": "POST",
          "access-control-request-headers": asked,
        },
      });
    const names = "authorization,content-type,mcp-method,mcp-param-x";
    const answer = await preflight("http://localhost:6274", names);
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "access-control-allow-origin": "http://localhost:6274",
      "access-control-allow-methods": "GET, POST, DELETE",
      "access-control-allow-headers": names,
    });
    for (const origin of ["https://evil.example.com", "null", null]) {
      expect(await refusal(preflight(origin, names))).toEqual([403, "origin_not_allowed"]);
    }
    const odd = await preflight("http://localhost:6274", "a b, *");
    expect(odd.headers.get("access-control-allow-headers")).toBeNull();
    const metadata = `/.well-known/oauth-protected-resource${pathOf(org)}`;
    const open = await preflight("https://anyone.example.com", "mcp-protocol-version", metadata);
    expect(open.headers.get("access-control-allow-origin")).toBe("*");
    expect(open.headers.get("access-control-allow-headers")).toBe("mcp-protocol-version");
  });
});

describe("The budget", () => {
  const budgetOf = async (answer: Promise<Response>) =>
    (await (await requireStatus(200, answer)).json<{ budget: unknown }>()).budget;

  it("is each token's and each JWT subject's own, and the administrator has none", async () => {
    const org = await makeOrg();
    const issuer = await makeIssuer();
    await trust(org, issuer);
    await call("PATCH", `/v1/orgs/${org}`, { body: { limits: { requests_per_minute: 1 } } });
    const { token } = await createToken(org, ["tools:call"]);
    const [alice, bob] = [
      await signedToken(issuer, org),
      await signedToken(issuer, org, { sub: "bob" }),
    ];
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    for (const one of [token, alice, bob]) {
      expect(await budgetOf(ask(pathOf(org), { token: one }))).toBeNull();
      expect(await budgetOf(ask(pathOf(org), { token: one }))).toEqual({ retryAfterSeconds: 60 });
    }
    for (const _ of [1, 2, 3]) {
      expect(await budgetOf(ask(pathOf(org), { token: ADMIN_TOKEN }))).toBeNull();
    }
  });
});
