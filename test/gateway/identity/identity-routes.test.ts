import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "#app.ts";
import { auditEntries } from "../../audit/audit-client.ts";
import { problemOf, refusal, requireStatus } from "../../harness/answers.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { makeOrg, newOrgName } from "../../harness/orgs.ts";
import { losing, watchedD1 } from "../../harness/watched-d1.ts";
import {
  makeIssuer,
  ORIGIN,
  pathOf,
  putIdentity,
  resourceUrl,
  serveIssuers,
  trust,
} from "./issuer-kit.ts";

beforeEach(() => serveIssuers());
afterEach(() => vi.restoreAllMocks());

const ISSUER = { issuer: "https://idp.example.com", actor_claim: "sub" };
const getIdentity = async (org: string) =>
  (await requireStatus(200, call("GET", `/v1/orgs/${org}/identity`))).json();

describe("PUT and GET /identity", () => {
  it("has no issuer until one is set, and replaces all", async () => {
    const org = await makeOrg();
    expect(await getIdentity(org)).toEqual({ issuers: [] });
    const body = {
      issuers: [
        {
          issuer: "https://idp.example.com/realms/acme",
          audience: "api://mcp",
          actor_claim: "email",
          actor_prefix: "user:",
          groups_claim: "groups",
        },
        ISSUER,
      ],
      allowed_origins: ["https://app.example.com", "vscode-webview://abc"],
    };
    expect(await (await requireStatus(200, putIdentity(org, body))).json()).toEqual(body);
    expect(await getIdentity(org)).toEqual(body);
    await requireStatus(200, putIdentity(org, { issuers: [ISSUER] }));
    expect(await getIdentity(org)).toEqual({ issuers: [ISSUER] });
  });

  const one = (more: object) => ({ issuers: [{ ...ISSUER, ...more }] });
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ ...ISSUER, issuer: `https://i${at}.example.com` }));
  it.each([
    [one({ issuer: "http://idp.example.com" }), "/issuers/0/issuer"],
    [one({ issuer: "http://127.0.0.1:9000" }), "/issuers/0/issuer"],
    [one({ issuer: "https://10.0.0.1" }), "/issuers/0/issuer"],
    [one({ issuer: "https://idp.internal" }), "/issuers/0/issuer"],
    [one({ issuer: "https://idp.example.com?x=1" }), "/issuers/0/issuer"],
    [one({ issuer: "https://mcpg.local" }), "/issuers/0/issuer"],
    [one({ issuer: "https://mcpg.test/x" }), "/issuers/0/issuer"],
    [one({ issuer: `https://idp.example.com/${"x".repeat(200)}` }), "/issuers/0/issuer"],
    [one({ issuer: 7 }), "/issuers/0/issuer"],
    [{ issuers: [ISSUER, { ...ISSUER, actor_claim: "email" }] }, "/issuers/1/issuer"],
    [{ issuers: many(11) }, "/issuers"],
    [one({ actor_claim: undefined }), "/issuers/0/actor_claim"],
    [one({ actor_claim: "" }), "/issuers/0/actor_claim"],
    [one({ actor_claim: "iss" }), "/issuers/0/actor_claim"],
    [one({ actor_claim: "aud" }), "/issuers/0/actor_claim"],
    [one({ actor_prefix: "operator:" }), "/issuers/0/actor_prefix"],
    [one({ actor_prefix: "ledger:x" }), "/issuers/0/actor_prefix"],
    [one({ actor_prefix: "user" }), "/issuers/0/actor_prefix"],
    [one({ actor_prefix: "User:" }), "/issuers/0/actor_prefix"],
    [one({ actor_prefix: "oper" }), "/issuers/0/actor_prefix"],
    [one({ actor_prefix: "user:\n" }), "/issuers/0/actor_prefix"],
    [one({ more: 1 }), "/issuers/0/more"],
    [{}, "/issuers"],
    [{ issuers: [ISSUER], allowed_origins: ["null"] }, "/allowed_origins/0"],
    [{ issuers: [ISSUER], allowed_origins: ["*"] }, "/allowed_origins/0"],
    [{ issuers: [ISSUER], allowed_origins: ["http://app.example.com"] }, "/allowed_origins/0"],
    [{ issuers: [ISSUER], allowed_origins: ["https://app.example.com/"] }, "/allowed_origins/0"],
    [{ issuers: [ISSUER], allowed_origins: ["https://APP.example.com"] }, "/allowed_origins/0"],
    [{ issuers: [ISSUER], allowed_origins: ["https://a.example.com:443"] }, "/allowed_origins/0"],
    [
      { issuers: [ISSUER], allowed_origins: ["https://a.example.com", "https://a.example.com"] },
      "/allowed_origins/1",
    ],
    [{ issuers: [], allowed_origins: ["https://a.example.com"] }, "/allowed_origins"],
  ])("refuses %j", async (body, pointer) => {
    const org = await makeOrg();
    const { status, code, errors = [] } = await problemOf(putIdentity(org, body));
    expect([status, code]).toEqual([400, "invalid_request"]);
    expect(errors.map((error) => error.pointer)).toContain(pointer);
    expect(await getIdentity(org)).toEqual({ issuers: [] });
  });

  it("takes ten issuers, and one on loopback on a developer's machine", async () => {
    const org = await makeOrg();
    await requireStatus(200, putIdentity(org, { issuers: many(10) }));
    const body = JSON.stringify({ issuers: [{ ...ISSUER, issuer: "http://127.0.0.1:9000" }] });
    const request = new Request(`${ORIGIN}/v1/orgs/${org}/identity`, {
      method: "PUT",
      headers: {
        authorization: `Bearer ${workerEnv.MCPG_ADMIN_TOKEN}`,
        "content-type": "application/json",
      },
      body,
    });
    const env = { ...workerEnv, MCPG_ALLOW_LOOPBACK: "true" };
    expect((await app.fetch(request, env)).status).toBe(200);
  });

  it("puts who may come in, before and after, into the org's ledger, and nothing where nothing changed", async () => {
    const org = await makeOrg();
    for (const _ of [1, 2]) await requireStatus(200, putIdentity(org, { issuers: [ISSUER] }));
    const [entry, ...earlier] = await auditEntries(org);
    expect(earlier).toHaveLength(1);
    expect(entry?.event).toMatchObject({
      action: "operator.identity.updated",
      actor: "operator:admin",
      outcome: "allowed",
      target: `identity://${org}`,
    });
    const { details } = entry!.event as { details: Record<string, string> };
    expect(JSON.parse(details["identity.from"]!).issuers).toEqual([]);
    expect(JSON.parse(details["identity.to"]!).issuers).toMatchObject([{ issuer: ISSUER.issuer }]);
  });

  it("of two concurrent changes refuses one with 409; a change that is lost is no entry", async () => {
    const org = await makeOrg();
    const bodies = [ISSUER.issuer, "https://other.example.com"].map((issuer) => ({
      issuers: [{ ...ISSUER, issuer }],
    }));
    const statuses = (await Promise.all(bodies.map((body) => putIdentity(org, body)))).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([200, 409]);
    expect(await auditEntries(org)).toHaveLength(2);
    const env = {
      ...workerEnv,
      DIRECTORY: watchedD1(workerEnv.DIRECTORY, losing("INSERT INTO identity", "before")),
    };
    vi.spyOn(console, "error").mockReturnValue();
    const request = new Request(`${ORIGIN}/v1/orgs/${org}/identity`, {
      method: "PUT",
      headers: {
        authorization: `Bearer ${workerEnv.MCPG_ADMIN_TOKEN}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ issuers: [] }),
    });
    expect((await app.fetch(request, env)).status).toBe(503);
    expect(await auditEntries(org)).toHaveLength(2);
  });

  it("goes with its org", async () => {
    const org = await makeOrg();
    await requireStatus(200, putIdentity(org, { issuers: [ISSUER] }));
    await requireStatus(202, call("DELETE", `/v1/orgs/${org}`));
    const rows = "SELECT count(*) AS n FROM identity WHERE org = ?1";
    expect(await workerEnv.DIRECTORY.prepare(rows).bind(org).first("n")).toBe(0);
    expect(await refusal(putIdentity(org, { issuers: [ISSUER] }))).toEqual([404, "not_found"]);
  });
});

describe("Protected-resource metadata", () => {
  const get = (org: string, { origin = ORIGIN, env = workerEnv, path = pathOf(org) } = {}) =>
    app.fetch(new Request(`${origin}/.well-known/oauth-protected-resource${path}`), env);

  it("tell anyone, web pages too, where to get a token for exactly this URL", async () => {
    const org = await makeOrg();
    const issuer = await makeIssuer();
    await trust(org, issuer);
    const answer = await requireStatus(200, get(org));
    expect(await answer.json()).toEqual({
      resource: resourceUrl(org),
      authorization_servers: [issuer.url],
      scopes_supported: ["tools:call"],
      bearer_methods_supported: ["header"],
    });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("cache-control")).toBe("public, max-age=30");
    expect(answer.headers.get("content-type")).toContain("application/json");
  });

  it("name the URL as its client spells it, on loopback with its port", async () => {
    const org = await makeOrg();
    await trust(org, await makeIssuer());
    const path = `/v1/orgs/${org}/workspaces/%70rod/plugins/git%20hub/mcp`;
    const origin = "http://127.0.0.1:8787";
    const { resource } = await (await get(org, { origin, path })).json<{ resource: string }>();
    expect(resource).toBe(`${origin}${path}`);
  });

  it("name this deployment, whatever host was asked", async () => {
    const org = await makeOrg();
    await trust(org, await makeIssuer());
    const env = { ...workerEnv, MCPG_LOCAL: "false", MCPG_ORIGIN: "mcpg.example.com" };
    for (const origin of ["https://evil.example.com", "http://127.0.0.1:8787"]) {
      const { resource } = await (await get(org, { origin, env })).json<{ resource: string }>();
      expect(resource).toBe(`https://mcpg.example.com${pathOf(org)}`);
    }
  });

  it("are the same 404, after the same wait, of an org without issuers, a deleted one, and none", async () => {
    const [plain, emptied, deleted] = [await makeOrg(), await makeOrg(), await makeOrg()];
    for (const org of [emptied, deleted]) await trust(org, await makeIssuer());
    await requireStatus(200, putIdentity(emptied, { issuers: [] }));
    await requireStatus(202, call("DELETE", `/v1/orgs/${deleted}`));
    const seen: unknown[] = [];
    for (const org of [newOrgName(), plain, emptied, deleted]) {
      seen.push([await seenOf(org), await seenOf(org)]);
    }
    const [first] = seen;
    expect(first).toMatchObject([
      { status: 404, queries: 1 },
      { status: 404, queries: 0 },
    ]);
    for (const one of seen) expect(one).toEqual(first);
  });

  async function seenOf(org: string) {
    let queries = 0;
    const DIRECTORY = watchedD1(workerEnv.DIRECTORY, (_sql, send) => {
      queries += 1;
      return send();
    });
    const response = await get(org, { env: { ...workerEnv, DIRECTORY } });
    const { request_id: _, ...body } = await response.json<Record<string, unknown>>();
    const headers = [...response.headers].filter(([name]) => name !== "x-request-id");
    return { status: response.status, headers, body, queries };
  }
});
