/** An org's data keys, which are destroyed with it: see src/orgs/org-lifecycle.ts. */
import type { OrgPart } from "#orgs/org-lifecycle.ts";
import { shareKeeper } from "#vault/key-shares.ts";

export const keysPart: OrgPart = {
  name: "keys",
  tables: [{ table: "data_keys", key: "purpose, version", rowsMax: 500 }],
  destroyKeys: (env, org) => shareKeeper().destroyAll(env, { org }),
};
