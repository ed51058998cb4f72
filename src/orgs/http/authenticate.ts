/**
 * Who is calling: by the bearer token of RFC 6750, in the header only; or, where the route lets a session in and there
 * is no such header, by the cookie of one. Every doubt is one same 401.
 */
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
import { useSession } from "#orgs/web-session/known-sessions.ts";
import { principalOfSession } from "#orgs/web-session/session-principal.ts";
import type { Env } from "#platform/env.ts";
import type { Access } from "./access.ts";
import type { AppEnv } from "./app-env.ts";
import { requireOwnPage } from "./same-origin.ts";
import { readSessionCookie } from "./session-cookie.ts";
import { isSessionWrite, mayUseSession } from "./session-use.ts";

/** RFC 6750 `b64token`; 512 is as long as any token of ours may be, and bounds what is hashed. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*) *$/i;

/** The page's own polls name themselves by it: they keep no session alive. */
const POLL_HEADER = "x-mcpg-poll";

/** Null where it is nobody, for all that we know. */
export async function findPrincipal(c: Context<AppEnv>, access: Access): Promise<Principal | null> {
  const authorization = c.req.header("authorization");
  const principal =
    authorization === undefined
      ? await principalByCookie(c, access)
      : await principalByToken(c.env, authorization, access);
  if (principal !== null) c.set("isAuthenticated", true);
  return principal;
}

async function principalByToken(
  env: Env,
  authorization: string,
  { scope }: Access,
): Promise<Principal | null> {
  const token = BEARER.exec(authorization)?.[1];
  return token === undefined || scope === "session" ? null : principalOf(env, token, Date.now());
}

/** Who asks is judged before the secret is: it tells a page of others nothing, not even whether somebody is in. */
async function principalByCookie(c: Context<AppEnv>, access: Access): Promise<Principal | null> {
  if (!mayUseSession(access)) return null;
  const { env, req } = c;
  const secret = readSessionCookie(req.header("cookie"), { env, url: req.url });
  if (secret === null) return null;
  requireOwnPage(req.raw, { isWrite: isSessionWrite(access, req.method) });
  const nowMs = Date.now();
  const isPoll = req.header(POLL_HEADER) !== undefined;
  const session = await useSession(env, secret, { nowMs, isPoll });
  const principal = session === null ? null : await principalOfSession(env, session, nowMs);
  if (session === null || principal === null) return null;
  c.set("session", session);
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
