import { afterEach, describe, expect, it, vi } from "vitest";
import { app } from "#app.ts";
import { SCOPES } from "#orgs/principal.ts";
import type { Env } from "#platform/env.ts";
import { refusal, requireStatus } from "../harness/answers.ts";
import { ADMIN_TOKEN, call, METRICS_TOKEN, workerEnv } from "../harness/deployment.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";
import { callAs, OWN_PAGE, signIn } from "../harness/sessions.ts";

/** Of an address of its own: failures of one are counted for all of a minute. */
let addresses = 0;
const newAddress = () => {
  addresses += 1;
  return `192.0.2.${addresses}`;
};

interface Attempt {
  url?: string;
  address?: string;
  headers?: Record<string, string>;
  env?: Env;
}

function attempt(
  body: unknown,
  { url = "https://mcpg.test", address = newAddress(), headers, env = workerEnv }: Attempt = {},
): Promise<Response> {
  const all = { "content-type": "application/json", "cf-connecting-ip": address, ...headers };
  const init = { method: "POST", headers: all, body: JSON.stringify(body) };
  return Promise.resolve(app.fetch(new Request(`${url}/v1/session`, init), env));
}

async function newToken(): Promise<string> {
  return (await createToken(await makeOrg(), [...SCOPES])).token;
}

const cookieFrom = (answer: Response) => answer.headers.get("set-cookie") ?? "";

afterEach(() => vi.useRealTimers());

describe("POST /v1/session", () => {
  it("sets a cookie that scripts, siblings and other sites' links cannot have", async () => {
    const answer = await attempt({ token: await newToken() });
    expect(answer.status).toBe(204);
    expect(cookieFrom(answer)).toMatch(
      /^__Host-mcpg_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.text()).toBe("");
  });

  it("drops prefix and Secure on this machine's own http, and nowhere else", async () => {
    const token = await newToken();
    const remote = { ...workerEnv, MCPG_LOCAL: "", MCPG_ORIGIN: "mcpg.example.com" };
    const cases: [url: string, env: Env, isPlain: boolean][] = [
      ["http://localhost:8787", workerEnv, true],
      ["http://127.0.0.1:8787", workerEnv, true],
      ["http://[::1]:8787", workerEnv, true],
      ["https://localhost", workerEnv, false],
      ["http://mcpg.test", workerEnv, false],
      ["http://localhost.example.com", workerEnv, false],
      ["http://127.0.0.1.example.com", workerEnv, false],
      ["http://localhost:8787", remote, false],
    ];
    for (const [url, env, isPlain] of cases) {
      const cookie = cookieFrom(await attempt({ token }, { url, env }));
      const isPlainCookie = cookie.startsWith("mcpg_session=") && !cookie.includes("Secure");
      expect([url, isPlainCookie]).toEqual([url, isPlain]);
    }
  });

  it("knows no cookie by the other place's name, and none of two", async () => {
    const cookie = await signIn(await newToken());
    const secret = cookie.split("=")[1];
    const status = async (sent: string) => (await callAs(sent, "GET", "/v1/session")).status;
    expect(await status(cookie)).toBe(200);
    expect(await status(`a=1; ${cookie}; b=2`)).toBe(200);
    expect(await status(`mcpg_session=${secret}`)).toBe(401);
    expect(await status(`${cookie}; ${cookie}`)).toBe(401);
    expect(await status(`${cookie}; __Host-mcpg_session=`)).toBe(401);
    expect(await status(`${cookie}x`)).toBe(401);
    expect(await status("__Host-mcpg_session=' OR 1=1 --")).toBe(401);
  });

  it("keeps nothing that leads back to the cookie", async () => {
    const cookie = await signIn(await newToken());
    const secret = cookie.split("=")[1] as string;
    const select = "SELECT * FROM web_sessions";
    const { results } = await workerEnv.DIRECTORY.prepare(select).all();
    const outbox = await workerEnv.DIRECTORY.prepare("SELECT * FROM ledger_outbox").all();
    expect(JSON.stringify([results, outbox.results])).not.toContain(secret);
    expect(JSON.stringify(results)).not.toContain(ADMIN_TOKEN);
  });

  it.each([
    ["unknown", "mcpgst_0000000000000000_nothing"],
    ["no token of ours", "hello"],
    ["the metrics token, which reads metrics and nothing else", METRICS_TOKEN],
    ["what no header could carry", "a b\u0000c"],
  ])("answers one same 401 to %s", async (_, token) => {
    const answer = await attempt({ token });
    expect(cookieFrom(answer)).toBe("");
    expect(await refusal(answer)).toEqual([401, "unauthenticated"]);
  });

  it.each([
    [{}, 400],
    [{ token: 1 }, 400],
    [{ token: "" }, 400],
    [{ token: "a".repeat(513) }, 400],
    [{ token: "hello", org: "acme" }, 400],
    [{ token: "a".repeat(2_000) }, 413],
  ])("refuses %j, and repeats nothing of it", async (body, status) => {
    const answer = await attempt(body);
    const text = await answer.text();
    expect([answer.status, text.includes("aaaaaaaa"), text.includes("hello")]).toEqual([
      status,
      false,
      false,
    ]);
  });

  it("takes a token from no page of another site, and from programs", async () => {
    const body = { token: await newToken() };
    const from = async (headers: Record<string, string>) =>
      (await attempt(body, { headers })).status;
    expect(await from({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await from({ "sec-fetch-site": "same-site" })).toBe(403);
    expect(await from({ "sec-fetch-site": "none" })).toBe(403);
    expect(await from({ origin: "https://evil.example" })).toBe(403);
    expect(await from({ origin: "https://mcpg.test" })).toBe(204);
    expect(await from(OWN_PAGE)).toBe(204);
    expect(await from({})).toBe(204);
    expect(await from({ "content-type": "text/plain" })).toBe(415);
  });

  it("refuses who failed ten times a minute, and nobody else", async () => {
    const [address, token] = [newAddress(), await newToken()];
    for (let time = 0; time < 10; time += 1) {
      expect((await attempt({ token: "wrong-token" }, { address })).status).toBe(401);
    }
    const refused = await attempt({ token }, { address });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refusal(refused)).toEqual([429, "too_many_sign_ins"]);
    expect((await attempt({ token })).status).toBe(204);
  });

  it("counts an IPv6 network as one", async () => {
    for (let host = 0; host < 10; host += 1) {
      await attempt({ token: "wrong-token" }, { address: `2001:db8:1:2:${host}::1` });
    }
    const same = { address: "2001:db8:1:2:ffff::1" };
    expect((await attempt({ token: "wrong-token" }, same)).status).toBe(429);
    const other = { address: "2001:db8:1:3::1" };
    expect((await attempt({ token: "wrong-token" }, other)).status).toBe(401);
  });

  it("makes 60 sessions a minute of one token, wherever it is used", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const token = await newToken();
    const statuses: number[] = [];
    for (let time = 0; time < 61; time += 1) statuses.push((await attempt({ token })).status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(60);
    expect(statuses.at(-1)).toBe(429);
  });
});

describe("GET /v1/session", () => {
  it("says who one is, with the server's time", async () => {
    const org = await makeOrg();
    const scopes = ["telemetry:read", "audit:read"] as const;
    const actor = "user:alice@acme";
    const { token, id } = await createToken(org, [...scopes], { actor, name: "alice" });
    const cookie = await signIn(token);
    const answer = await callAs(cookie, "GET", "/v1/session");
    const session = (await answer.json()) as Record<string, string>;
    expect(session).toMatchObject({
      principal: { kind: "token", id, name: "alice", actor },
      org,
      scopes,
    });
    const ms = (name: string) => Date.parse(session[name] as string);
    expect(Math.abs(ms("server_time") - Date.now())).toBeLessThan(60_000);
    expect(ms("expires_at") - ms("created_at")).toBe(12 * 3_600_000);
    expect(ms("idle_expires_at") - ms("created_at")).toBe(30 * 60_000);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("says that the administrator has all scopes but payloads:read, on every org", async () => {
    const cookie = await signIn(ADMIN_TOKEN);
    const answer = await callAs(cookie, "GET", "/v1/session");
    const session = (await answer.json()) as Record<string, string>;
    expect(session).toMatchObject({
      principal: { kind: "administrator", actor: "operator:admin" },
      org: null,
      scopes: SCOPES.filter((scope) => scope !== "payloads:read"),
    });
  });

  it("names no origin but its own: no answer may be read elsewhere", async () => {
    const cookie = await signIn(await newToken());
    const headers = { origin: "https://mcpg.test" };
    for (const path of ["/v1/session", "/v1/orgs"]) {
      const answer = await callAs(cookie, "GET", path, { headers });
      const names = [...answer.headers.keys()].filter((name) => name.startsWith("access-control"));
      expect([path, answer.status, names]).toEqual([path, 200, []]);
    }
    const preflight = await call("OPTIONS", "/v1/session", {
      token: null,
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect([...preflight.headers.keys()].join()).not.toContain("access-control");
  });
});

describe("DELETE /v1/session", () => {
  it("ends the session at once, has the browser drop cookie and cache, and touches no other", async () => {
    const token = await newToken();
    const [ended, other] = [await signIn(token), await signIn(token)];
    const answer = await requireStatus(204, callAs(ended, "DELETE", "/v1/session"));
    expect(answer.headers.get("clear-site-data")).toBe('"cache"');
    expect(answer.headers.get("set-cookie")).toBe(
      "__Host-mcpg_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure",
    );
    expect((await callAs(ended, "GET", "/v1/session")).status).toBe(401);
    expect((await callAs(ended, "DELETE", "/v1/session")).status).toBe(401);
    expect((await callAs(other, "GET", "/v1/session")).status).toBe(200);
  });
});

describe("Sessions of many orgs", () => {
  it("are each its own org's, whatever else is asked for at the same time", async () => {
    const made = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const org = await makeOrg();
        const { token } = await createToken(org, [...SCOPES]);
        return { org, cookie: await signIn(token) };
      }),
    );
    const rounds = Array.from({ length: 5 }, () => made).flat();
    const seen = await Promise.all(
      rounds.map(async ({ org, cookie }, at) => {
        const other = made[(at + 1) % made.length]!.org;
        const orgs = await (await callAs(cookie, "GET", "/v1/orgs")).json();
        const session = (await (await callAs(cookie, "GET", "/v1/session")).json()) as object;
        const own = (await callAs(cookie, "GET", `/v1/orgs/${org}`)).status;
        const foreign = (await callAs(cookie, "GET", `/v1/orgs/${other}`)).status;
        return { org, orgs, session, own, foreign, other };
      }),
    );
    for (const { org, orgs, session, own, foreign, other } of seen) {
      expect(orgs).toEqual({ orgs: [{ org, tier: "enterprise" }], next_cursor: null });
      expect(session).toMatchObject({ org });
      expect([own, foreign]).toEqual([200, other === org ? 200 : 404]);
    }
  });

  it("are answered with nothing that a browser keeps, failures too", async () => {
    const org = await makeOrg();
    const cookie = await signIn((await createToken(org, [...SCOPES])).token);
    for (const path of ["", "/instances", "/invocations", "/audit", "/audit/status", "/nothing"]) {
      const answer = await callAs(cookie, "GET", `/v1/orgs/${org}${path}`);
      expect([path, answer.headers.get("cache-control")]).toEqual([path, "no-store"]);
    }
  });
});
