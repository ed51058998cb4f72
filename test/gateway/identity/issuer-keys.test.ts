import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { metadataUrls } from "#gateway/identity/issuer-metadata.ts";
import type { Env } from "#platform/env.ts";
import { refusal } from "../../harness/answers.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import {
  ask,
  asked,
  makeIssuer,
  makeKey,
  pathOf,
  serveIssuers,
  signedToken,
  type TestIssuer,
  trust,
} from "./issuer-kit.ts";

let org: string;
let issuer: TestIssuer;

beforeEach(async () => {
  serveIssuers();
  org = await makeOrg();
  issuer = await makeIssuer();
  await trust(org, issuer);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const passes = (ms: number) => vi.setSystemTime(Date.now() + ms);
const statusOf = async (token: string, env?: Env) =>
  (await ask(pathOf(org), { token, ...(env && { env }) })).status;
const keysAsked = () => asked.filter((url) => url === `${issuer.url}/keys`).length;
const CONFIGURATION = () => `${issuer.url}/.well-known/openid-configuration`;

describe("An issuer's keys", () => {
  it("are fetched once, and again after ten minutes", async () => {
    for (let at = 0; at < 10; at++) {
      expect(await statusOf(await signedToken(issuer, org))).toBe(200);
      passes(59_000);
    }
    expect(keysAsked()).toBe(1);
    passes(60_000);
    expect(await statusOf(await signedToken(issuer, org))).toBe(200);
    expect(keysAsked()).toBe(2);
  });

  it("are fetched again for a new key, so that a rotation is seen at once, a minute after the last look", async () => {
    expect(await statusOf(await signedToken(issuer, org))).toBe(200);
    issuer.keys.unshift(await makeKey("k2"));
    expect(await statusOf(await signedToken(issuer, org))).toBe(401);
    expect(keysAsked()).toBe(1);
    passes(60_000);
    expect(await statusOf(await signedToken(issuer, org))).toBe(200);
    expect(keysAsked()).toBe(2);
  });

  it("are asked for once a minute at most, whatever keys strangers name", async () => {
    expect(await statusOf(await signedToken(issuer, org))).toBe(200);
    for (let minute = 1; minute <= 3; minute++) {
      passes(60_000);
      for (let at = 0; at < 20; at++) {
        const key = await makeKey(`stranger-${at}`);
        expect(await statusOf(await signedToken(issuer, org, {}, { key }))).toBe(401);
      }
      expect(keysAsked()).toBe(1 + minute);
    }
  });

  it("that were withdrawn are no longer good after ten minutes", async () => {
    const old = await signedToken(issuer, org, { exp: Math.floor(Date.now() / 1_000) + 3_600 });
    expect(await statusOf(old)).toBe(200);
    issuer.keys = [await makeKey("k2")];
    passes(600_000);
    expect(await statusOf(old)).toBe(401);
  });

  it("are kept for an hour while the issuer is out of reach, which is asked once a minute", async () => {
    const exp = Math.floor(Date.now() / 1_000) + 7_200;
    const token = await signedToken(issuer, org, { exp });
    expect(await statusOf(token)).toBe(200);
    issuer.answers.set(CONFIGURATION(), () => new Response(null, { status: 500 }));
    asked.length = 0;
    passes(600_000);
    for (let at = 0; at < 5; at++) expect(await statusOf(token)).toBe(200);
    expect(asked.filter((url) => url === CONFIGURATION())).toHaveLength(1);
    passes(3_000_000);
    expect(await refusal(ask(pathOf(org), { token }))).toEqual([503, "issuer_unavailable"]);
  });

  it("that cannot be had are a 503 with Retry-After, and are asked for each ten seconds at most", async () => {
    issuer.answers.set(CONFIGURATION(), () => Promise.reject(new Error("refused")));
    const token = await signedToken(issuer, org);
    for (let at = 0; at < 5; at++) {
      const answer = await ask(pathOf(org), { token });
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "10"]);
    }
    expect(asked.filter((url) => url === CONFIGURATION())).toHaveLength(1);
    issuer.answers.clear();
    passes(10_000);
    expect(await statusOf(token)).toBe(200);
  });

  it("are fetched by one of many requests that come at once; the others wait for it", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { url } = issuer;
    issuer.answers.set(CONFIGURATION(), async () => {
      await promise;
      return Response.json({ issuer: url, jwks_uri: `${url}/keys` });
    });
    const token = await signedToken(issuer, org);
    const answers = Array.from({ length: 20 }, () => statusOf(token));
    await scheduler.wait(50);
    resolve();
    expect(await Promise.all(answers)).toEqual(Array(20).fill(200));
    expect(keysAsked()).toBe(1);
  });

  it("are one set where two orgs trust the issuer", async () => {
    const other = await makeOrg();
    await trust(other, issuer);
    expect(await statusOf(await signedToken(issuer, org))).toBe(200);
    const token = await signedToken(issuer, other);
    expect((await ask(pathOf(other), { token })).status).toBe(200);
    expect(keysAsked()).toBe(1);
  });
});

describe("An issuer's metadata", () => {
  const metadata = (more: object = {}) =>
    Response.json({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys`, ...more });

  it("may be RFC 8414's, whose path stands in front of the issuer's", async () => {
    issuer.answers.set(CONFIGURATION(), () => new Response(null, { status: 404 }));
    issuer.answers.set(`${issuer.url}/.well-known/oauth-authorization-server`, () => metadata());
    expect(await statusOf(await signedToken(issuer, org))).toBe(200);
    expect(metadataUrls("https://idp.example.com/realms/acme/")).toEqual([
      "https://idp.example.com/realms/acme/.well-known/openid-configuration",
      "https://idp.example.com/.well-known/oauth-authorization-server/realms/acme",
    ]);
  });

  it.each([
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254/keys",
    "https://metadata.google.internal/keys",
    "http://keys.example.com/keys",
    "https://localhost/keys",
    "https://127.0.0.1:8787/keys",
    "https://[::1]/keys",
    "https://user:pw@keys.example.com/keys",
    "https://mcpg.local/v1/orgs",
    "https://keys.example.com\\@127.0.0.1/keys",
    "https://keys.example.com/keys?a#b",
    "file:///etc/passwd",
    "data:application/json,{}",
    7,
    null,
  ])("are of no use where they name keys at %j, which nobody is asked for", async (jwks_uri) => {
    issuer.answers.set(CONFIGURATION(), () => metadata({ jwks_uri }));
    expect(await statusOf(await signedToken(issuer, org))).toBe(503);
    expect(asked.every((url) => url.startsWith(`${issuer.url}/.well-known/`))).toBe(true);
  });

  it("may name keys on another host, and by a query", async () => {
    const keys = `${issuer.url}/keys`;
    issuer.answers.set(CONFIGURATION(), () => metadata({ jwks_uri: `${keys}?p=policy` }));
    issuer.answers.set(`${keys}?p=policy`, () =>
      Response.json({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) }),
    );
    expect(await statusOf(await signedToken(issuer, org))).toBe(200);
  });

  const bad: [what: string, answer: () => Response | Promise<Response>][] = [
    ["of another issuer", () => metadata({ issuer: "https://evil.example.com" })],
    ["of no issuer", () => metadata({ issuer: undefined })],
    ["of the issuer with a slash", () => metadata({ issuer: `${issuer.url}/` })],
    ["somewhere else", () => Response.redirect("https://evil.example.com/x", 302)],
    ["no JSON", () => new Response("<html>")],
    ["a list", () => Response.json([])],
    ["null", () => Response.json(null)],
    ["longer than 64 KiB", () => metadata({ pad: "x".repeat(65_536) })],
    ["created", () => Response.json({ issuer: issuer.url }, { status: 201 })],
  ];
  it.each(bad)("that are %s are not believed", async (_what, answer) => {
    issuer.answers.set(CONFIGURATION(), answer);
    expect(await statusOf(await signedToken(issuer, org))).toBe(503);
    expect(asked.some((url) => url.includes("evil"))).toBe(false);
  });

  it("are asked for without following, and without a credential", async () => {
    const spy = vi.mocked(globalThis.fetch);
    expect(await statusOf(await signedToken(issuer, org))).toBe(200);
    for (const [input] of spy.mock.calls) {
      const request = input as Request;
      expect(request.redirect).toBe("manual");
      expect(request.headers.get("authorization")).toBeNull();
    }
  });

  it("of a loopback issuer are asked for on a developer's machine alone", async () => {
    const url = "http://127.0.0.1:9";
    const settings = JSON.stringify({
      issuers: [
        { issuer: url, audience: null, actorClaim: "sub", actorPrefix: null, groupsClaim: null },
      ],
      allowedOrigins: [],
    });
    const other = await makeOrg();
    await trust(other, issuer);
    await workerEnv.DIRECTORY.prepare("UPDATE identity SET settings = ?2 WHERE org = ?1")
      .bind(other, settings)
      .run();
    const token = await signedToken({ ...issuer, url }, other);
    asked.length = 0;
    expect((await ask(pathOf(other), { token })).status).toBe(503);
    expect(asked).toEqual([]);
    passes(10_000);
    const env = { ...workerEnv, MCPG_ALLOW_LOOPBACK: "true" };
    expect((await ask(pathOf(other), { token, env })).status).toBe(503);
    expect(asked).not.toEqual([]);
  });
});
