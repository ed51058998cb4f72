/** Signing in and out of the dashboard. Both are deeds, and entries of the ledger of the org whose token it is. */
import { formatTimestamp } from "#formats/rfc3339.ts";
import { lookUpOrg, lookUpServiceToken } from "#orgs/directory.ts";
import { actionOf, type Operator } from "#orgs/operator.ts";
import { DEFAULT_ORG } from "#orgs/org.ts";
import type { Principal } from "#orgs/principal.ts";
import { sha256Hex } from "#orgs/service-token.ts";
import { deleteWebSession, insertWebSession } from "#orgs/store/web-session-rows.ts";
import type { Env } from "#platform/env.ts";
import { administratorMac } from "./administrator-mac.ts";
import { forgetSession } from "./known-sessions.ts";
import { newSessionSecret, newWebSession, sessionTarget, type WebSession } from "./web-session.ts";

/** Who may have a session: the metrics token reads metrics and nothing else. */
export type SignedInPrincipal = Exclude<Principal, { kind: "metrics-reader" }>;

/**
 * Where the sessions of a principal are recorded. What the administrator does to no org in particular is told in
 * the ledger of the org that every deployment has.
 */
export function ledgerOfSession(org: string | null): string {
  return org ?? DEFAULT_ORG;
}

/** The secret for the cookie, which nothing of ours keeps; null where the token was revoked just now. */
export async function signIn(
  env: Env,
  principal: SignedInPrincipal,
  by: Operator,
  nowMs: number,
): Promise<{ secret: string; session: WebSession } | null> {
  const secret = newSessionSecret();
  const session = await sessionFor(env, principal, { digest: sha256Hex(secret), nowMs });
  const org = ledgerOfSession(session.org);
  // The first look at it is what makes `default` so.
  await lookUpOrg(env, org, nowMs);
  const deed = {
    org,
    action: "operator.session.created",
    target: sessionTarget(session),
    details: { expires_at: formatTimestamp(session.expiresAtMs) },
  } as const;
  const isIn = await insertWebSession(env.DIRECTORY, session, actionOf(by, deed, nowMs));
  return isIn ? { secret, session } : null;
}

async function sessionFor(
  env: Env,
  principal: SignedInPrincipal,
  { digest, nowMs }: { digest: string; nowMs: number },
): Promise<WebSession> {
  if (principal.kind === "administrator") {
    const credentialMac = await administratorMac(env);
    const own = { digest, org: null, tokenId: null, credentialMac };
    return newWebSession(own, { nowMs, tokenExpiresAtMs: null });
  }
  const token = await lookUpServiceToken(env, principal.id, nowMs);
  const own = { digest, org: principal.org, tokenId: principal.id, credentialMac: null };
  return newWebSession(own, { nowMs, tokenExpiresAtMs: token?.expiresAtMs ?? null });
}

/** At once here, and within 30 s everywhere. Signing out again changes nothing. */
export async function signOut(env: Env, session: WebSession, by: Operator): Promise<void> {
  const deed = {
    org: ledgerOfSession(session.org),
    action: "operator.session.ended",
    target: sessionTarget(session),
    details: { reason: "signed_out" },
  } as const;
  await deleteWebSession(env.DIRECTORY, session.digest, actionOf(by, deed, Date.now()));
  forgetSession(session.digest);
}
