/** Making and revoking service tokens. */

import { findServiceToken, insertServiceToken, markTokenRevoked } from "#orgs/store/token-rows.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { forgetServiceToken } from "./directory.ts";
import { actionOf, type Operator } from "./operator.ts";
import type { Org } from "./org.ts";
import { grantingScope, holdsScope, type Principal, type Scope } from "./principal.ts";
import {
  formatServiceToken,
  isTokenId,
  normaliseScopes,
  type ServiceToken,
  sha256Hex,
  TOKEN_RANDOM_BYTES,
} from "./service-token.ts";

export interface WantedToken {
  name: string;
  scopes: readonly Scope[];
  /** Of `tokenActor`; null: the token's own id. */
  actor: string | null;
  expiresAtMs: number | null;
}

/**
 * `token` is shown to whoever asked and never again: only its digest is kept. Fails with `insufficient_scope` where
 * `by` may not give one of the scopes.
 */
export async function createServiceToken(
  env: Env,
  org: Org,
  { name, scopes, actor, expiresAtMs }: WantedToken,
  by: Operator & { principal: Principal },
): Promise<{ row: ServiceToken; token: string }> {
  requireGrantable(by.principal, scopes);
  const nowMs = Date.now();
  const random = crypto.getRandomValues(new Uint8Array(TOKEN_RANDOM_BYTES));
  const { id, token } = formatServiceToken(nowMs, random);
  const row: ServiceToken = {
    id,
    org: org.org,
    name,
    scopes: normaliseScopes(scopes),
    actor,
    digest: sha256Hex(token),
    createdAtMs: nowMs,
    createdBy: by.actor,
    expiresAtMs,
    revokedAtMs: null,
  };
  const deed = {
    org: row.org,
    action: "operator.token.created",
    target: `token://${id}`,
    details: { name, scopes: row.scopes.join(" "), actor: row.actor },
  } as const;
  const isInserted = await insertServiceToken(env.DIRECTORY, org, row, actionOf(by, deed, nowMs));
  return isInserted ? { row, token } : fail({ kind: "not_found" });
}

function requireGrantable(principal: Principal, scopes: readonly Scope[]): void {
  const lacking = scopes.map(grantingScope).find((scope) => !holdsScope(principal, scope));
  if (lacking !== undefined) fail({ kind: "insufficient_scope", scope: lacking });
}

/** Revoking a token again changes nothing. Fails with `not_found` where the token is none of this org's. */
export async function revokeServiceToken(
  env: Env,
  { org, id }: Pick<ServiceToken, "org" | "id">,
  by: Operator,
): Promise<void> {
  if (!isTokenId(id)) fail({ kind: "not_found" });
  const deed = {
    org,
    action: "operator.token.revoked",
    target: `token://${id}`,
    details: {},
  } as const;
  const isRevoked = await markTokenRevoked(
    env.DIRECTORY,
    { org, id },
    actionOf(by, deed, Date.now()),
  );
  forgetServiceToken(id);
  if (isRevoked) return;
  const known = await findServiceToken(env.DIRECTORY, id);
  if (known?.org !== org) fail({ kind: "not_found" });
}
