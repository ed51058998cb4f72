/** Who is calling: the bearer token of RFC 6750, in the header only. Every doubt is one same 401. */
import type { Context } from "hono";
import { deploymentTokens } from "#orgs/deployment-tokens.ts";
import { lookUpServiceToken } from "#orgs/directory.ts";
import type { Principal } from "#orgs/principal.ts";
import {
  digestsEqual,
  isUsable,
  looksLikeServiceToken,
  parseServiceToken,
  sha256Hex,
} from "#orgs/service-token.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import type { AppEnv } from "./app-env.ts";

/** RFC 6750 `b64token`; 512 is as long as any token of ours may be, and bounds what is hashed. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*) *$/i;

export async function authenticate(c: Context<AppEnv>): Promise<Principal> {
  const token = BEARER.exec(c.req.header("authorization") ?? "")?.[1];
  const principal = token === undefined ? null : await principalOf(c.env, token, Date.now());
  if (principal === null) return fail({ kind: "unauthenticated" });
  c.set("isAuthenticated", true);
  return principal;
}

/** Null where it is none of ours, or no longer good. */
export async function principalOf(
  env: Env,
  token: string,
  nowMs: number,
): Promise<Principal | null> {
  const { administratorDigest, metricsDigest } = deploymentTokens(env);
  const digest = sha256Hex(token);
  if (looksLikeServiceToken(token)) return serviceToken(env, token, digest, nowMs);
  if (digestsEqual(digest, administratorDigest)) return { kind: "administrator" };
  if (metricsDigest !== null && digestsEqual(digest, metricsDigest)) {
    return { kind: "metrics-reader" };
  }
  return null;
}

/** Expiry and revocation are judged at each use, for the row may come from the cache. */
async function serviceToken(
  env: Env,
  token: string,
  digest: string,
  nowMs: number,
): Promise<Principal | null> {
  const id = parseServiceToken(token);
  const row = id === null ? null : await lookUpServiceToken(env, id, nowMs);
  if (row === null || !digestsEqual(digest, row.digest) || !isUsable(row, nowMs)) return null;
  return { kind: "service-token", id: row.id, org: row.org, scopes: row.scopes, actor: row.actor };
}
