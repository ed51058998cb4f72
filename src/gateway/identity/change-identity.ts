/** Changes whose JWTs an org takes, on the record. */
import { replaceIdentity, type StoredIdentity } from "#gateway/identity/store/identity-rows.ts";
import { actionOf, type Operator } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import type { EndpointRules } from "#streams/endpoint.ts";
import { forgetIdentity } from "./identity-of.ts";
import { type IdentitySettings, identityFaults, NO_IDENTITY } from "./identity-settings.ts";

interface IdentityChange {
  stored: StoredIdentity;
  settings: IdentitySettings;
  rules: EndpointRules;
}

/** Replaces all that `stored` holds; fails with `conflict` where that was changed meanwhile. */
export async function changeIdentity(
  env: Env,
  { org }: Pick<Org, "org">,
  { stored, settings, rules }: IdentityChange,
  by: Operator,
): Promise<void> {
  const errors = identityFaults(settings, rules);
  if (errors.length > 0) fail({ kind: "invalid_request", errors });
  const before = stored.settings ?? NO_IDENTITY;
  const [from, to] = [JSON.stringify(before), JSON.stringify(settings)];
  if (from === to) return;
  const deed = {
    org,
    action: "operator.identity.updated",
    target: `identity://${org}`,
    // Whole: no secret is among it, and an auditor asks who could have come in, and as whom.
    details: { "identity.from": from, "identity.to": to },
  } as const;
  const change = { settings, fromVersion: stored.version };
  const action = actionOf(by, deed, Date.now());
  const isChanged = await replaceIdentity(env.DIRECTORY, org, change, action);
  // Of an org that had no issuer and has none, nobody has heard: forgetting it would be seen in an answer's time.
  if (before.issuers.length > 0 || settings.issuers.length > 0) forgetIdentity(org);
  if (!isChanged) {
    fail({ kind: "conflict", detail: "The identity was changed meanwhile; read it again." });
  }
}
