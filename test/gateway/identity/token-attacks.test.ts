import { CompactSign, EncryptJWT, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import {
  ask,
  asked,
  makeIssuer,
  makeKey,
  ORIGIN,
  pathOf,
  resourceUrl,
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
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const statusOf = async (token: string) => (await ask(pathOf(org), { token })).status;
const base64url = (value: unknown) =>
  btoa(typeof value === "string" ? value : JSON.stringify(value))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const claimsOf = () => ({
  iss: issuer.url,
  aud: resourceUrl(org),
  sub: "alice",
  exp: Math.floor(Date.now() / 1_000) + 300,
});

/** What only the issuer's own servers may be asked for. */
const ofIssuer = () => [`${issuer.url}/.well-known/openid-configuration`, `${issuer.url}/keys`];

describe("A forged token", () => {
  it("without a signature is refused, whatever it says of its algorithm, and has nobody asked", async () => {
    for (const alg of ["none", "None", "NONE", "", undefined, null, ["ES256"]]) {
      const token = `${base64url({ alg, typ: "JWT" })}.${base64url(claimsOf())}`;
      for (const end of ["", ".", ".AA"]) expect(await statusOf(token + end)).toBe(401);
    }
    expect(asked).toEqual([]);
  });

  it("with the issuer's public key as an HMAC secret is refused", async () => {
    const rsa = await makeIssuer("RS256");
    await trust(org, rsa);
    const { publicKey } = await generateKeyPair("RS256");
    const secrets = [
      JSON.stringify(rsa.keys[0]!.publicJwk),
      rsa.keys[0]!.publicJwk.n!,
      await exportSPKI(publicKey),
    ];
    for (const secret of secrets) {
      for (const alg of ["HS256", "HS384", "HS512"]) {
        const token = await new SignJWT({ ...claimsOf(), iss: rsa.url })
          .setProtectedHeader({ alg, kid: "k1" })
          .sign(new TextEncoder().encode(secret.padEnd(64)));
        expect(await statusOf(token)).toBe(401);
      }
    }
  });

  it("is refused where the issuer publishes a symmetric or a private key", async () => {
    const secret = new Uint8Array(64).fill(7);
    const k = base64url(String.fromCharCode(...secret));
    issuer.extraKeys.push({ kty: "oct", kid: "hmac", alg: "HS256", k });
    const token = await new SignJWT(claimsOf())
      .setProtectedHeader({ alg: "HS256", kid: "hmac" })
      .sign(secret);
    expect(await statusOf(token)).toBe(401);
    const leaked = await makeKey("leaked");
    issuer.extraKeys.push({ ...leaked.publicJwk, d: "AAAA" });
    expect(await statusOf(await signedToken(issuer, org, {}, { key: leaked }))).toBe(401);
    expect(await statusOf(await signedToken(issuer, org))).toBe(200);
  });

  it("that brings its own key, or says where it is, has nobody asked but the issuer", async () => {
    const key = await makeKey("k1");
    const x5u = "https://evil.example.com/keys";
    const headers = [
      { jwk: key.publicJwk },
      { jku: x5u },
      { x5u },
      { jwk: key.publicJwk, jku: x5u, x5u, x5c: ["AAAA"] },
    ];
    for (const header of headers) {
      expect(await statusOf(await signedToken(issuer, org, {}, { header, key }))).toBe(401);
      // The same beside the issuer's own signature changes nothing.
      expect(await statusOf(await signedToken(issuer, org, {}, { header }))).toBe(200);
    }
    expect(new Set(asked)).toEqual(new Set(ofIssuer()));
  });

  it.each([
    "../../k1",
    "/dev/null",
    "k1\u0000",
    "k1' OR '1'='1",
    "https://evil.example.com/k",
    "K1",
    " k1",
  ])("gets no other key by the kid %j", async (kid) => {
    const key = await makeKey("k1");
    expect(await statusOf(await signedToken(issuer, org, {}, { header: { kid }, key }))).toBe(401);
    expect(await statusOf(await signedToken(issuer, org, {}, { header: { kid } }))).toBe(401);
    expect(new Set(asked)).toEqual(new Set(ofIssuer()));
  });

  it("is refused with a kid that is no text or too long, before anybody is asked", async () => {
    for (const kid of [7, null, { a: 1 }, ["k1"], "k".repeat(257)]) {
      const [, payload, signature] = (await signedToken(issuer, org)).split(".");
      const header = base64url({ alg: "ES256", kid });
      expect(await statusOf(`${header}.${payload}.${signature}`)).toBe(401);
    }
    expect(asked).toEqual([]);
  });

  it("is refused with another's signature, a changed payload, or a key for encryption", async () => {
    const good = await signedToken(issuer, org);
    const [header, , signature] = good.split(".");
    const changed = base64url({ ...claimsOf(), sub: "root" });
    expect(await statusOf(`${header}.${changed}.${signature}`)).toBe(401);
    expect(await statusOf(await signedToken(issuer, org, {}, { key: await makeKey("k1") }))).toBe(
      401,
    );
    const encryption = await makeKey("enc");
    issuer.extraKeys.push({ ...encryption.publicJwk, use: "enc" });
    expect(await statusOf(await signedToken(issuer, org, {}, { key: encryption }))).toBe(401);
  });

  it("is refused where it is nested, encrypted, or has a critical extension", async () => {
    const { privateKey, kid } = issuer.keys[0]!;
    const inner = await signedToken(issuer, org);
    const nested = await new CompactSign(new TextEncoder().encode(inner))
      .setProtectedHeader({ alg: "ES256", kid, typ: "JWT", cty: "JWT" })
      .sign(privateKey);
    const bare = await new CompactSign(new TextEncoder().encode(inner))
      .setProtectedHeader({ alg: "ES256", kid })
      .sign(privateKey);
    const encrypted = await new EncryptJWT(claimsOf())
      .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
      .encrypt(new Uint8Array(32));
    const cty = await signedToken(issuer, org, {}, { header: { cty: "JWT" } });
    const [, payload, signature] = inner.split(".");
    const critical = `${base64url({ alg: "ES256", kid, crit: ["exp"], exp: 1 })}.${payload}.${signature}`;
    for (const token of [nested, bare, encrypted, cty, critical])
      expect(await statusOf(token)).toBe(401);
  });

  it("is refused over 8 KiB, before anything of it is read", async () => {
    const pad = (length: number) => signedToken(issuer, org, { pad: "x".repeat(length) });
    expect((await pad(5_500)).length).toBeLessThan(8_192);
    expect(await statusOf(await pad(5_500))).toBe(200);
    asked.length = 0;
    for (const length of [6_500, 60_000]) {
      expect((await pad(length)).length).toBeGreaterThan(8_192);
      expect(await statusOf(await pad(length))).toBe(401);
    }
    expect(await statusOf("a".repeat(100_000))).toBe(401);
    expect(asked).toEqual([]);
  });

  it("is taken from the Authorization header alone, and is one", async () => {
    const token = await signedToken(issuer, org);
    const path = pathOf(org);
    expect((await ask(`${path}?access_token=${token}`)).status).toBe(401);
    for (const authorization of [
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token} ${token}`,
      `DPoP ${token}`,
      `Basic ${token}`,
      token,
    ]) {
      expect((await ask(path, { headers: { authorization } })).status).toBe(401);
    }
    expect((await ask(path, { headers: { cookie: `session=${token}` } })).status).toBe(401);
  });
});

describe("A token that its issuer signed", () => {
  const refused: [what: string, claims: () => Record<string, unknown>][] = [
    ["another org", () => ({ aud: resourceUrl("other") })],
    ["another plugin", () => ({ aud: resourceUrl(org, "jira") })],
    ["the deployment", () => ({ aud: ORIGIN })],
    ["the path without its last part", () => ({ aud: resourceUrl(org).slice(0, -4) })],
    ["a trailing slash", () => ({ aud: `${resourceUrl(org)}/` })],
    ["a query", () => ({ aud: `${resourceUrl(org)}?x` })],
    ["another host", () => ({ aud: `https://evil.example.com${pathOf(org)}` })],
    ["http", () => ({ aud: resourceUrl(org).replace("https", "http") })],
    ["a path that is spelt otherwise", () => ({ aud: resourceUrl(org).replace("prod", "%70rod") })],
    ["capitals", () => ({ aud: resourceUrl(org).toUpperCase() })],
    ["nobody", () => ({ aud: undefined })],
    ["an empty list", () => ({ aud: [] })],
    ["a list in a list", () => ({ aud: [[resourceUrl(org)]] })],
    ["an object", () => ({ aud: { 0: resourceUrl(org) } })],
  ];
  it.each(refused)("for %s is refused", async (_what, claims) => {
    expect(await statusOf(await signedToken(issuer, org, claims()))).toBe(401);
  });

  it("under any other spelling of its issuer is refused", async () => {
    for (const iss of [
      `${issuer.url}/`,
      issuer.url.toUpperCase(),
      `${issuer.url}.evil.example.com`,
      [issuer.url],
      { url: issuer.url },
      undefined,
      null,
    ]) {
      expect(await statusOf(await signedToken(issuer, org, { iss }))).toBe(401);
    }
  });

  it("is refused where another of the org's issuers, or another org's, is named in it", async () => {
    const other = await makeIssuer();
    await trust(await makeOrg(), other);
    expect(await statusOf(await signedToken(other, org))).toBe(401);
    expect(await statusOf(await signedToken(other, org, { iss: issuer.url }))).toBe(401);
    expect(await statusOf(await signedToken(issuer, org, { iss: other.url }))).toBe(401);
  });

  it("is good for 60 s beyond its times, and no longer; without an expiry never", async () => {
    const now = Math.floor(Date.now() / 1_000);
    vi.useFakeTimers({ toFake: ["Date"], now: now * 1_000 });
    const cases: [claims: Record<string, unknown>, status: number][] = [
      [{ exp: now - 59 }, 200],
      [{ exp: now - 60 }, 401],
      [{ nbf: now + 60 }, 200],
      [{ nbf: now + 61 }, 401],
      [{ exp: undefined }, 401],
      [{ exp: null }, 401],
      [{ exp: String(now + 300) }, 401],
      [{ nbf: String(now) }, 401],
    ];
    for (const [claims, status] of cases) {
      expect([claims, await statusOf(await signedToken(issuer, org, claims))]).toEqual([
        claims,
        status,
      ]);
    }
  });

  it.each(["dpop+jwt", "logout+jwt", "secevent+jwt", "kb+jwt", "JOSE", ""])(
    "of the type %j is no access token",
    async (typ) => {
      expect(await statusOf(await signedToken(issuer, org, {}, { header: { typ } }))).toBe(401);
    },
  );

  it.each(["at+jwt", "AT+JWT", "application/at+jwt", "JWT", undefined])(
    "of the type %j may be one",
    async (typ) => {
      const header = typ === undefined ? { typ: undefined as never } : { typ };
      expect(await statusOf(await signedToken(issuer, org, {}, { header }))).toBe(200);
    },
  );

  it("for a host that somebody else named in Host is refused: whose resource it is, we say", async () => {
    const env = { ...workerEnv, MCPG_LOCAL: "false", MCPG_ORIGIN: "mcpg.example.com" };
    const evil = "https://evil.example.com";
    const forEvil = await signedToken(issuer, org, { aud: `${evil}${pathOf(org)}` });
    expect((await ask(pathOf(org), { token: forEvil, origin: evil, env })).status).toBe(401);
    const loopback = "http://127.0.0.1:8787";
    const forLoopback = await signedToken(issuer, org, { aud: `${loopback}${pathOf(org)}` });
    expect((await ask(pathOf(org), { token: forLoopback, origin: loopback, env })).status).toBe(
      401,
    );
    expect((await ask(pathOf(org), { token: forLoopback, origin: loopback })).status).toBe(200);
    const answer = await ask(pathOf(org), { origin: evil, env });
    expect(answer.headers.get("www-authenticate")).toContain(
      'resource_metadata="https://mcpg.example.com/.well-known/oauth-protected-resource/v1/',
    );
    const ours = await signedToken(issuer, org, { aud: `https://mcpg.example.com${pathOf(org)}` });
    expect((await ask(pathOf(org), { token: ours, origin: evil, env })).status).toBe(200);
  });
});
