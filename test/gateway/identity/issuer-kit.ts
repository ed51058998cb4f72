/** Issuers of a test's own, served in place of the network, and the MCP endpoint that their tokens are for. */
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from "jose";
import { vi } from "vitest";
import { appOf } from "#app.ts";
import type { Caller } from "#gateway/identity/caller.ts";
import { callerRoute } from "#gateway/identity/http/caller-route.ts";
import type { Env } from "#platform/env.ts";
import { requireStatus } from "../../harness/answers.ts";
import { call, workerEnv } from "../../harness/deployment.ts";

/** MCPG_ORIGIN of the deployment under test. */
export const ORIGIN = "https://mcpg.local";

export interface TestKey {
  kid: string;
  alg: string;
  publicJwk: JWK;
  privateKey: CryptoKey;
}

export async function makeKey(kid: string, alg = "ES256"): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, use: "sig" };
  return { kid, alg, publicJwk, privateKey };
}

export interface TestIssuer {
  url: string;
  keys: TestKey[];
  /** What its JWKS has beside the keys. */
  extraKeys: unknown[];
  /** Replaces its answers by URL. */
  answers: Map<string, () => Response | Promise<Response>>;
}

const issuers = new Map<string, TestIssuer>();
/** Every URL that was asked for, in order. */
export const asked: string[] = [];
let made = 0;

/** Nothing leaves the machine until mocks are restored. */
export function serveIssuers(): void {
  asked.length = 0;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init as RequestInit);
    asked.push(request.url);
    const issuer = [...issuers.values()].find(({ url }) => request.url.startsWith(`${url}/`));
    if (issuer === undefined) return new Response(null, { status: 404 });
    return issuer.answers.get(request.url)?.() ?? documentOf(issuer, request.url);
  });
}

function documentOf({ url, keys, extraKeys }: TestIssuer, asking: string): Response {
  if (asking === `${url}/.well-known/openid-configuration`) {
    return Response.json({ issuer: url, jwks_uri: `${url}/keys` });
  }
  if (asking !== `${url}/keys`) return new Response(null, { status: 404 });
  return Response.json({ keys: [...extraKeys, ...keys.map(({ publicJwk }) => publicJwk)] });
}

export async function makeIssuer(alg = "ES256"): Promise<TestIssuer> {
  made += 1;
  const url = `https://idp-${made}-${crypto.randomUUID().slice(0, 8)}.example.com`;
  const issuer = { url, keys: [await makeKey("k1", alg)], extraKeys: [], answers: new Map() };
  issuers.set(url, issuer);
  return issuer;
}

export const pathOf = (org: string, plugin = "github") =>
  `/v1/orgs/${org}/workspaces/prod/plugins/${plugin}/mcp`;
export const resourceUrl = (org: string, plugin?: string) => `${ORIGIN}${pathOf(org, plugin)}`;

export function putIdentity(org: string, body: unknown): Promise<Response> {
  return call("PUT", `/v1/orgs/${org}/identity`, { body });
}

export async function trust(org: string, issuer: TestIssuer, terms: object = {}): Promise<void> {
  const issuerTerms = { issuer: issuer.url, actor_claim: "sub", ...terms };
  await requireStatus(200, putIdentity(org, { issuers: [issuerTerms] }));
}

export interface Signing {
  header?: Partial<JWTHeaderParameters> & Record<string, unknown>;
  key?: TestKey;
}

/** Of a good token unless told otherwise: an undefined claim is left out. */
export async function signedToken(
  issuer: TestIssuer,
  org: string,
  claims: Record<string, unknown> = {},
  { header = {}, key = issuer.keys[0]! }: Signing = {},
): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const all = {
    iss: issuer.url,
    aud: resourceUrl(org),
    sub: "alice",
    iat: nowSeconds,
    exp: nowSeconds + 300,
    ...claims,
  };
  return new SignJWT(JSON.parse(JSON.stringify(all)))
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: "at+jwt", ...header })
    .sign(key.privateKey);
}

const routes = [
  callerRoute(
    {
      method: "post",
      path: "/v1/orgs/:org/workspaces/:ws/plugins/:plugin/mcp",
      operationId: "callTool",
      summary: "An MCP endpoint",
      answers: { 200: { description: "Who called" } },
    },
    async (c) => {
      const { retryAfterSeconds } = c.var;
      const budget = retryAfterSeconds === null ? null : { retryAfterSeconds };
      return c.json({ caller: c.var.caller, org: c.var.org.org, budget });
    },
  ),
];
const app = appOf(routes);

export interface Asking {
  token?: string | null;
  headers?: Record<string, string>;
  origin?: string;
  env?: Env;
}

/** The endpoint's answer, as an MCP client gets it. */
export async function ask(
  path: string,
  { token = null, headers = {}, origin = ORIGIN, env = workerEnv }: Asking = {},
): Promise<Response> {
  const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const all = { ...authorization, ...headers };
  return app.fetch(new Request(`${origin}${path}`, { method: "POST", headers: all }), env);
}

export async function callerOf(answer: Response | Promise<Response>): Promise<Caller> {
  const { caller } = await (await requireStatus(200, answer)).json<{ caller: Caller }>();
  return caller;
}

/** `[status, WWW-Authenticate]`. */
export async function challenged(answer: Promise<Response>): Promise<[number, string | null]> {
  const response = await answer;
  await response.body?.cancel();
  return [response.status, response.headers.get("www-authenticate")];
}
