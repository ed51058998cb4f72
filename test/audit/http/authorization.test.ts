import { describe, expect, it } from "vitest";
import { SCOPES, type Scope } from "#orgs/principal.ts";
import { refusal } from "../../harness/answers.ts";
import { call, METRICS_TOKEN } from "../../harness/deployment.ts";
import { createToken, makeOrg, newOrgName } from "../../harness/orgs.ts";
import { EVENT, signHead, statusOf } from "../audit-client.ts";

const REPORT = { instance_id: "gw-1", events: [EVENT] };
const REASON = { reason: "a reason" };

type Route = [method: string, path: string, scope: Scope, body?: unknown];

const ROUTES: Route[] = [
  ["POST", "", "audit:write", REPORT],
  ["GET", "", "audit:read"],
  ["GET", "/0", "audit:read"],
  ["GET", "/0/proof", "audit:read"],
  ["GET", "/export", "audit:read"],
  ["GET", "/export?format=pack", "audit:read"],
  ["GET", "/status", "audit:read"],
  ["GET", "/keys", "audit:read"],
  ["GET", "/log/checkpoint", "audit:read"],
  ["GET", "/log/consistency?old=1&new=1", "audit:read"],
  ["GET", "/log/tile/0/000.p/1", "audit:read"],
  ["GET", "/log/tile/entries/000.p/1", "audit:read"],
  ["GET", "/holds", "audit:read"],
  ["POST", "/holds", "org:admin", REASON],
];

/** With every scope there is: only who runs the deployment may do these. */
const ADMINISTRATOR_ONLY: Route[] = [
  ["POST", "/checkpoint", "audit:read"],
  ["POST", "/keys/rotate", "audit:read"],
  ["POST", "/recover", "audit:read", REASON],
  ["POST", "/clock", "audit:read", REASON],
  ["DELETE", "/holds/0193e4c0-0000-7000-8000-000000000000", "org:admin"],
];

function ask(org: string, [method, path, , body]: Route, token: string | null) {
  const options = { token, ...(body !== undefined && { body }) };
  return refusal(call(method, `/v1/orgs/${org}/audit${path}`, options));
}

describe("Every audit route", () => {
  it("asks for a token before anything else", async () => {
    const org = await makeOrg();
    await signHead(org);
    for (const route of [...ROUTES, ...ADMINISTRATOR_ONLY]) {
      for (const token of [null, "mcpgst_not-one", "x"]) {
        for (const name of [org, newOrgName()]) {
          expect([route[1], await ask(name, route, token)]).toEqual([
            route[1],
            [401, "unauthenticated"],
          ]);
        }
      }
    }
  });

  it("is not there for another org's token, whatever that may do in its own", async () => {
    const org = await makeOrg();
    await signHead(org);
    const { token } = await createToken(await makeOrg(), [...SCOPES]);
    for (const route of [...ROUTES, ...ADMINISTRATOR_ONLY]) {
      for (const name of [org, newOrgName()]) {
        expect([route[1], await ask(name, route, token)]).toEqual([route[1], [404, "not_found"]]);
      }
    }
  });

  it("is refused to a token of its org that lacks the scope, and to that of the scraper", async () => {
    const org = await makeOrg();
    await signHead(org);
    for (const scope of ["audit:read", "audit:write", "org:admin"] as const) {
      const others = SCOPES.filter((other) => other !== scope);
      const { token } = await createToken(org, others);
      for (const route of ROUTES.filter(([, , needed]) => needed === scope)) {
        for (const lacking of [token, METRICS_TOKEN]) {
          expect([route[1], await ask(org, route, lacking)]).toEqual([
            route[1],
            [403, "insufficient_scope"],
          ]);
        }
      }
    }
    expect((await statusOf(org)).tree_size).toBe(4);
  });

  it("that only the administrator may use is refused to a token with every scope", async () => {
    const org = await makeOrg();
    await signHead(org);
    const { token } = await createToken(org, [...SCOPES]);
    for (const route of ADMINISTRATOR_ONLY) {
      expect([route[1], await ask(org, route, token)]).toEqual([
        route[1],
        [403, "administrator_only"],
      ]);
    }
    expect((await statusOf(org)).tree_size).toBe(2);
  });

  it("is there for a token that has the scope it names, and no other", async () => {
    const org = await makeOrg();
    await signHead(org);
    for (const scope of ["audit:read", "audit:write", "org:admin"] as const) {
      const { token } = await createToken(org, [scope]);
      for (const [method, path, , body] of ROUTES.filter(([, , needed]) => needed === scope)) {
        const options = { token, ...(body !== undefined && { body }) };
        const { status } = await call(method, `/v1/orgs/${org}/audit${path}`, options);
        expect([method, path, status >= 200 && status < 300]).toEqual([method, path, true]);
      }
    }
  });
});
