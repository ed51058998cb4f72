/** Whose JWTs an org takes, for as long as it is open: see src/orgs/org-lifecycle.ts. */
import { deleteIdentity } from "#gateway/identity/store/identity-rows.ts";
import type { OrgPart } from "#orgs/org-lifecycle.ts";

export const identityPart: OrgPart = {
  name: "identity",
  close: (directory, org) => [deleteIdentity(directory, org)],
};
