/** How far an org's streams were delivered, for as long as it has them: see src/orgs/org-lifecycle.ts. */

import type { OrgPart } from "#orgs/org-lifecycle.ts";

/** A row for each stream of an org. */
const ROWS_MAX = 5_000;

export const deliveryPart: OrgPart = {
  name: "delivery",
  tables: [{ table: "stream_deliveries", key: "stream", rowsMax: ROWS_MAX }],
};
