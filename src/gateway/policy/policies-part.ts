/** An org's policy, for as long as it is open: see src/orgs/org-lifecycle.ts. */

import { deletePolicy } from "#gateway/policy/store/policies.ts";
import type { OrgPart } from "#orgs/org-lifecycle.ts";

export const policiesPart: OrgPart = {
  name: "policies",
  close: (directory, org) => [deletePolicy(directory, org)],
};
