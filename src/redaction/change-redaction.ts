/** What an org has taken out of payloads and details: read past the cache, and replaced, on the record. */
import { forgetOrg } from "#orgs/directory.ts";
import { actionOf, type Operator } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import type { RedactionSettings } from "#orgs/redaction-settings.ts";
import { updateOrgRedaction } from "#orgs/store/org-redaction.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import { ERRORS_MAX, fail, type ValidationError } from "#platform/errors.ts";
import { parseJsonPath } from "./json-path.ts";

/** All of them may apply to one call, and each is looked at in each member of its payloads. */
const PATHS_MAX = 64;

export async function currentRedaction(env: Env, org: string): Promise<RedactionSettings> {
  const found = (await findOrg(env.DIRECTORY, org)) ?? fail({ kind: "not_found" });
  return found.redaction;
}

/** Fails with `invalid_request` for paths that are none, and with `conflict` where it was changed meanwhile. */
export async function changeRedaction(
  env: Env,
  { org, generation }: Pick<Org, "org" | "generation">,
  after: RedactionSettings,
  by: Operator,
): Promise<void> {
  const errors = pathErrors(after);
  if (errors.length > 0) fail({ kind: "invalid_request", errors: errors.slice(0, ERRORS_MAX) });
  const before = await currentRedaction(env, org);
  const [from, to] = [JSON.stringify(before), JSON.stringify(after)];
  if (from === to) return;
  const deed = {
    org,
    action: "operator.redaction.updated",
    target: `redaction://${org}`,
    details: { from, to },
  } as const;
  const action = actionOf(by, deed, Date.now());
  const isChanged = await updateOrgRedaction(
    env.DIRECTORY,
    { org, generation },
    { before, after },
    action,
  );
  forgetOrg(org);
  if (!isChanged) {
    fail({ kind: "conflict", detail: "The redaction was changed meanwhile; read it again." });
  }
}

function pathErrors({ rules }: RedactionSettings): ValidationError[] {
  const paths = rules.flatMap((rule, at) =>
    rule.paths.map((path, index) => ({ path, pointer: `/rules/${at}/paths/${index}` })),
  );
  const errors = paths.flatMap(({ path, pointer }) => {
    const parsed = parseJsonPath(path);
    return typeof parsed === "string" ? [{ pointer, message: parsed }] : [];
  });
  if (paths.length <= PATHS_MAX) return errors;
  return [{ pointer: "/rules", message: `must not have more than ${PATHS_MAX} paths` }, ...errors];
}
