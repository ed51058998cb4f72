/** An org of a test's own: storage lasts for a whole test file. In workerd. */
import type { Scope } from "#orgs/principal.ts";
import { requireStatus } from "./answers.ts";
import { call } from "./deployment.ts";

let names = 0;

export function newOrgName(): string {
  names += 1;
  return `org-${names}-${crypto.randomUUID().slice(0, 8)}`;
}

export interface OrgFields extends Record<string, unknown> {
  tier?: string;
}

/** Its name. What is no tier is set once it is there. */
export async function makeOrg({
  tier = "enterprise",
  ...settings
}: OrgFields = {}): Promise<string> {
  const org = newOrgName();
  await requireStatus(201, call("POST", "/v1/orgs", { body: { org, tier } }));
  if (Object.keys(settings).length > 0) {
    await requireStatus(200, call("PATCH", `/v1/orgs/${org}`, { body: settings }));
  }
  return org;
}

export interface CreatedToken {
  id: string;
  token: string;
}

export async function createToken(
  org: string,
  scopes: Scope[],
  extra: Record<string, unknown> = {},
): Promise<CreatedToken> {
  const body = { name: "test", scopes, ...extra };
  const answer = call("POST", `/v1/orgs/${org}/service-tokens`, { body });
  return (await requireStatus(201, answer)).json();
}
