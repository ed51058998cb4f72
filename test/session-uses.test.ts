import { beforeAll, describe, expect, it } from "vitest";
import { appOf, routes } from "#app.ts";
import type { Access, AppRoute } from "#orgs/http/access.ts";
import { SCOPES } from "#orgs/principal.ts";
import { ADMIN_TOKEN, workerEnv } from "./harness/deployment.ts";
import { createToken, makeOrg } from "./harness/orgs.ts";
import { OWN_PAGE, signIn } from "./harness/sessions.ts";
import { SCOPES_OF_ROUTES, SESSIONLESS, WRITING_READS } from "./route-scopes.ts";

const nameOf = ({ statement }: AppRoute) => `${statement.method} ${statement.path}`;
const scopeOf = (route: AppRoute) => SCOPES_OF_ROUTES[nameOf(route)] as Access["scope"];

let org: string;
let foreign: string;
/** Cookies of sessions of the org, by what their tokens may do: one scope alone, all but one, all. */
const only = new Map<string, string>();
const without = new Map<string, string>();
let all: string;
let administrator: string;

const sessionWith = async (scopes: readonly (typeof SCOPES)[number][]) =>
  signIn((await createToken(org, [...scopes])).token);

beforeAll(async () => {
  org = await makeOrg();
  foreign = await makeOrg();
  for (const scope of SCOPES) {
    only.set(scope, await sessionWith([scope]));
    without.set(scope, await sessionWith(SCOPES.filter((other) => other !== scope)));
  }
  all = await sessionWith(SCOPES);
  administrator = await signIn(ADMIN_TOKEN);
});

interface Asked {
  cookie: string;
  headers?: Record<string, string>;
  of?: string;
  method?: string;
}

/** The status that a session gets; a route that lets one in does nothing but say whose org it was let into. */
async function ask(
  route: AppRoute,
  { cookie, headers = OWN_PAGE, of = org, method = route.statement.method }: Asked,
): Promise<number> {
  let reached: string | undefined;
  const handle: AppRoute["handle"] = async (c) => {
    reached = c.var.org?.org;
    return new Response(null, { status: 200 });
  };
  const path = route.statement.path.replace(":org", of).replaceAll(/:\w+(\{[^}]*\})?/g, "1");
  const request = new Request(`https://mcpg.test${path}`, {
    method: method.toUpperCase(),
    headers: { cookie, ...headers },
  });
  const { status } = await appOf([{ ...route, handle }]).fetch(request, workerEnv);
  // Whatever else holds: no org but the session's own is ever reached by it.
  if (cookie !== administrator && reached !== undefined) expect(reached).toBe(org);
  return status;
}

const asking = routes.filter((route) => scopeOf(route) !== null);
const serving = asking.filter((route) => !SESSIONLESS.has(scopeOf(route)));
const isOfOrg = ({ statement }: AppRoute) => statement.path.includes(":org");
const isWrite = (route: AppRoute) =>
  route.statement.method !== "get" || WRITING_READS.has(nameOf(route));

const named = (list: readonly AppRoute[]) =>
  list.map((route) => [nameOf(route), route] as [string, AppRoute]);

/** What a token with these scopes gets on a route that asks for one. */
function statusOf(asked: string, held: readonly string[]): number {
  return asked === "any" || asked === "session" || held.includes(asked) ? 200 : 403;
}

describe("A session of the dashboard", () => {
  it.each(named(asking.filter((route) => SESSIONLESS.has(scopeOf(route)))))(
    "is nobody where only programs go, whatever it may do: %s",
    async (_, route) => {
      for (const cookie of [all, administrator]) expect(await ask(route, { cookie })).toBe(401);
    },
  );

  it.each(named(serving))("may do what its token may, and no more: %s", async (_, route) => {
    const scope = scopeOf(route) as string;
    const ofAdministrator = scope === "payloads:read" ? 403 : 200;
    expect(await ask(route, { cookie: administrator })).toBe(ofAdministrator);
    expect(await ask(route, { cookie: all })).toBe(statusOf(scope, SCOPES));
    for (const one of SCOPES) {
      const others = SCOPES.filter((other) => other !== one);
      const statuses = [await ask(route, { cookie: only.get(one)! })];
      statuses.push(await ask(route, { cookie: without.get(one)! }));
      expect([one, statuses]).toEqual([one, [statusOf(scope, [one]), statusOf(scope, others)]]);
    }
  });

  it.each(named(serving.filter(isOfOrg)))(
    "finds no other org there, whatever it may do: %s",
    async (_, route) => {
      for (const cookie of [all, ...only.values()]) {
        expect(await ask(route, { cookie, of: foreign })).toBe(404);
      }
    },
  );

  it.each(named(serving))("is used by pages of this service alone: %s", async (_, route) => {
    const elsewhere = [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "cross-site", origin: "https://mcpg.test" },
      { origin: "https://evil.example" },
      { origin: "http://mcpg.test" },
      { origin: "null" },
    ] as Record<string, string>[];
    for (const headers of elsewhere) {
      const statuses = [await ask(route, { cookie: all, headers })];
      statuses.push(await ask(route, { cookie: administrator, headers }));
      expect([headers, statuses]).toEqual([headers, [403, 403]]);
    }
    // Which may use every one of these routes.
    const cookie = scopeOf(route) === "payloads:read" ? all : administrator;
    const unsure: Record<string, string>[] = [{}, { "sec-fetch-site": "none" }];
    for (const headers of unsure) {
      const status = await ask(route, { cookie, headers });
      expect([headers, status]).toEqual([headers, isWrite(route) ? 403 : 200]);
    }
    const old = { origin: "https://mcpg.test" };
    expect(await ask(route, { cookie, headers: old })).toBe(200);
  });

  it("leaves no entry by HEAD where it may leave none by GET", async () => {
    for (const route of asking.filter((one) => WRITING_READS.has(nameOf(one)))) {
      const headers = { "sec-fetch-site": "none" };
      const status = await ask(route, { cookie: all, headers, method: "head" });
      expect([nameOf(route), status]).toEqual([nameOf(route), 403]);
    }
  });

  it.each(named(serving))("is not looked at beside a token: %s", async (_, route) => {
    const headers = { ...OWN_PAGE, authorization: "Bearer mcpgst_nothing" };
    expect(await ask(route, { cookie: administrator, headers })).toBe(401);
    const basic = { ...OWN_PAGE, authorization: "Basic YTpi" };
    expect(await ask(route, { cookie: administrator, headers: basic })).toBe(401);
  });
});
