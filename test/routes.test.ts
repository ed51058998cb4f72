import { beforeAll, describe, expect, it } from "vitest";
import { appOf, routes } from "#app.ts";
import type { Access, AppRoute } from "#orgs/http/access.ts";
import { SCOPES } from "#orgs/principal.ts";
import { ADMIN_TOKEN, METRICS_TOKEN, workerEnv } from "./harness/deployment.ts";
import { createToken, makeOrg } from "./harness/orgs.ts";
import { SCOPES_OF_ROUTES } from "./route-scopes.ts";

type AnyScope = Access["scope"];

const nameOf = ({ statement }: AppRoute) => `${statement.method} ${statement.path}`;

let org: string;
/** Tokens of the org by what they may do: with one scope alone, with every scope but one, with all. */
const only = new Map<string, string>();
const without = new Map<string, string>();
let all: string;

beforeAll(async () => {
  org = await makeOrg();
  for (const scope of SCOPES) {
    only.set(scope, (await createToken(org, [scope])).token);
    const others = SCOPES.filter((other) => other !== scope);
    without.set(scope, (await createToken(org, others)).token);
  }
  all = (await createToken(org, [...SCOPES])).token;
});

/** The status that a caller gets; a route that lets one in does nothing but say so. */
async function ask(route: AppRoute, token: string | null): Promise<number> {
  const handle = async () => new Response(null, { status: 200 });
  const { method, path } = route.statement;
  const url = `https://mcpg.test${path.replace(":org", org).replaceAll(/:\w+(\{[^}]*\})?/g, "1")}`;
  const headers: Record<string, string> =
    token === null ? {} : { authorization: `Bearer ${token}` };
  const request = new Request(url, { method: method.toUpperCase(), headers });
  return (await appOf([{ ...route, handle }]).fetch(request, workerEnv)).status;
}

type Case = [who: string, token: string | null, status: number];

function casesOf(scope: NonNullable<AnyScope>): Case[] {
  switch (scope) {
    case "any":
    case "session": {
      const status = scope === "any" ? 200 : 401;
      const some = [...only].map(([one, token]): Case => [`${one} alone`, token, status]);
      return [...some, ["every scope", all, status], ["metrics", METRICS_TOKEN, status]];
    }
    case "administrator":
    case "deployment-metrics": {
      const status = scope === "administrator" ? 403 : 200;
      return [
        ["a token with every scope", all, 403],
        ["the deployment's token for metrics", METRICS_TOKEN, status],
      ];
    }
    default:
      return [
        [`a token with ${scope} alone`, only.get(scope)!, 200],
        [`a token with all but ${scope}`, without.get(scope)!, 403],
      ];
  }
}

/** It has no session by its token, and views no payload. */
function administratorGets(scope: AnyScope): number {
  if (scope === "session") return 401;
  return scope === "payloads:read" ? 403 : 200;
}

/** What of the callers that a scope lets in, or keeps out, this route treats otherwise. */
async function violations(route: AppRoute, scope: AnyScope): Promise<string[]> {
  const cases: Case[] = [
    ["nobody", null, scope === null ? 200 : 401],
    ["the administrator", ADMIN_TOKEN, administratorGets(scope)],
    ...(scope === null ? [] : casesOf(scope)),
  ];
  const found: string[] = [];
  for (const [who, token, status] of cases) {
    const answered = await ask(route, token);
    if (answered !== status) found.push(`${nameOf(route)}: ${who} got ${answered}`);
  }
  return found;
}

describe("The scope of each route", () => {
  it("is said of every route there is, and of no other", () => {
    expect(routes.map(nameOf).sort()).toEqual(Object.keys(SCOPES_OF_ROUTES).sort());
  });

  it("is what the route states, asks for, and no more", async () => {
    for (const route of routes) {
      const scope = SCOPES_OF_ROUTES[nameOf(route)] as AnyScope;
      expect([nameOf(route), route.statement.scope]).toEqual([nameOf(route), scope]);
      expect(await violations(route, scope)).toEqual([]);
    }
  });

  it("cannot be another one unseen: every mutant of every route is found by what it lets through", async () => {
    const candidates: AnyScope[] = [
      ...SCOPES,
      "administrator",
      "deployment-metrics",
      "any",
      "session",
      null,
    ];
    let mutants = 0;
    for (const route of routes) {
      const scope = SCOPES_OF_ROUTES[nameOf(route)] as AnyScope;
      for (const wrong of candidates.filter((candidate) => candidate !== scope)) {
        const statement = { ...route.statement, scope: wrong } as AppRoute["statement"];
        const found = await violations({ ...route, statement }, scope);
        expect([nameOf(route), wrong, found.length > 0]).toEqual([nameOf(route), wrong, true]);
        mutants += 1;
      }
    }
    expect(mutants).toBe(routes.length * (candidates.length - 1));
  });
});
