/** Who a session is: the token that it was made by, as it is now. */
import { lookUpServiceToken } from "#orgs/directory.ts";
import { digestsEqual, isUsable } from "#orgs/service-token.ts";
import type { Env } from "#platform/env.ts";
import { administratorMacs } from "./administrator-mac.ts";
import type { SignedInPrincipal } from "./sign-in.ts";
import type { WebSession } from "./web-session.ts";

/** Null where the token is no longer good: revoked, expired, its org closed, or, the administrator's, another one. */
export async function principalOfSession(
  env: Env,
  session: WebSession,
  nowMs: number,
): Promise<SignedInPrincipal | null> {
  if (session.tokenId === null) return administratorOf(env, session);
  const token = await lookUpServiceToken(env, session.tokenId, nowMs);
  if (token === null || token.org !== session.org || !isUsable(token, nowMs)) return null;
  const { id, org, scopes, actor } = token;
  return { kind: "service-token", id, org, scopes, actor };
}

async function administratorOf(
  env: Env,
  { credentialMac }: WebSession,
): Promise<SignedInPrincipal | null> {
  const macs = await administratorMacs(env);
  const isSame = macs.some((mac) => digestsEqual(credentialMac ?? "", mac));
  return isSame ? { kind: "administrator" } : null;
}
