/** Where an org's streams go, for as long as it is open: see src/orgs/org-lifecycle.ts. */

import type { OrgPart } from "#orgs/org-lifecycle.ts";
import { deleteStreams } from "#streams/store/streams.ts";

export const streamsPart: OrgPart = {
  name: "streams",
  close: (directory, org) => [deleteStreams(directory, org)],
};
