/**
 * An issuer's signing keys, from where its metadata say that they are (OpenID Connect Discovery 1.0, RFC 8414).
 * An org's admin names the issuer, and the issuer names where its keys are: both are a stranger's URL to us.
 */
import type { JSONWebKeySet, JWK } from "jose";
import type { Send } from "#platform/outgoing/post.ts";
import { readAnswer } from "#platform/outgoing/read-answer.ts";
import { type EndpointRules, refuseEndpoint } from "#streams/endpoint.ts";

/** For all of it: a client waits meanwhile. */
export const LOAD_MS_MAX = 8_000;
/** Large tenants publish 20 KiB. */
const DOCUMENT_BYTES_MAX = 65_536;
const KEYS_MAX = 64;

/** Null where there are none to be had, whatever the reason. Never rejects. */
export async function fetchSigningKeys(
  issuer: string,
  rules: EndpointRules,
  send: Send,
): Promise<JSONWebKeySet | null> {
  // What was taken once is looked at again: the settings may be another deployment's by now.
  if (refuseEndpoint(issuer, rules) !== null) return null;
  const signal = AbortSignal.timeout(LOAD_MS_MAX);
  for (const url of metadataUrls(issuer)) {
    const metadata = await fetchObject(url, signal, send);
    // RFC 8414 §3.3: metadata that name another issuer are not this one's.
    if (metadata?.["issuer"] !== issuer) continue;
    const keysUrl = metadata["jwks_uri"];
    if (typeof keysUrl !== "string" || !isPublicUrl(keysUrl, rules)) continue;
    const keys = (await fetchObject(keysUrl, signal, send))?.["keys"];
    if (Array.isArray(keys)) return { keys: keys.flatMap(signingKey).slice(0, KEYS_MAX) };
  }
  return null;
}

/** OpenID's path is added to the issuer's, RFC 8414's is put in front of it. */
export function metadataUrls(issuer: string): string[] {
  const base = issuer.replace(/\/+$/, "");
  const { origin, pathname } = new URL(base);
  return [
    `${base}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${pathname === "/" ? "" : pathname}`,
  ];
}

/** Some issuers tell their tenants' keys apart by a query, which an endpoint may not have. */
function isPublicUrl(url: string, rules: EndpointRules): boolean {
  const [base = "", ...query] = url.split("?");
  const isPlain = query.length <= 1 && /^[!-~]*$/.test(query[0] ?? "") && !/[#\\]/.test(url);
  return isPlain && refuseEndpoint(base, rules) === null;
}

async function fetchObject(
  url: string,
  signal: AbortSignal,
  send: Send,
): Promise<Record<string, unknown> | null> {
  try {
    const headers = { accept: "application/json", "user-agent": "mcpg-control-plane" };
    // A redirect leads to where nobody looked.
    const response = await send(new Request(url, { headers, redirect: "manual", signal }));
    if (response.status !== 200) {
      await response.body?.cancel();
      return null;
    }
    const body = await readAnswer(response.body, DOCUMENT_BYTES_MAX);
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

/** What a public key is made of; certificates and the rest are not kept. */
const MEMBERS = ["kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y"] as const;
const KEY_TYPES: ReadonlySet<unknown> = new Set(["RSA", "EC", "OKP"]);

/** A key that everybody can read proves nothing if it signs, too: symmetric and private ones are left out. */
function signingKey(value: unknown): JWK[] {
  const jwk = (value ?? {}) as Record<string, unknown>;
  if (!KEY_TYPES.has(jwk["kty"]) || "d" in jwk || "k" in jwk) return [];
  const known = MEMBERS.filter((member) => jwk[member] !== undefined);
  return [Object.fromEntries(known.map((member) => [member, jwk[member]])) as unknown as JWK];
}
