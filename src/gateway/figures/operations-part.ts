/** An org's operations, for as long as it has them: see src/orgs/org-lifecycle.ts. */

import {
  deleteIdleOperations,
  OPERATION_KEY,
  setOperationsBack,
} from "#gateway/figures/store/operation-rows.ts";
import type { OrgPart } from "#orgs/org-lifecycle.ts";

export const operationsPart: OrgPart = {
  name: "gateway-operations",
  prune: {
    queries: 1,
    async chunk(shardDb, { org }, nowMs) {
      await deleteIdleOperations(shardDb, org, nowMs);
      return "done";
    },
  },
  correctClock: setOperationsBack,
  tables: [{ table: "gateway_operations", key: OPERATION_KEY, rowsMax: 5_000 }],
};
