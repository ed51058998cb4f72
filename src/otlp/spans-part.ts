/** The spans around an org's calls, for as long as it has them: see src/orgs/org-lifecycle.ts. */

import { pruneCutoffs } from "#calls/prune-cutoffs.ts";
import type { OrgPart } from "#orgs/org-lifecycle.ts";
import { PRUNE_SPAN_ROWS_MAX, pruneSpansOnce } from "#otlp/store/prune-spans.ts";

export const spansPart: OrgPart = {
  name: "spans",
  prune: {
    queries: 1,
    async chunk(shardDb, { org, retention }, nowMs) {
      const { samplesBeforeMs } = pruneCutoffs(retention, nowMs);
      return (await pruneSpansOnce(shardDb, org, samplesBeforeMs)) ? "done" : "more";
    },
  },
  tables: [{ table: "spans", key: "id", rowsMax: PRUNE_SPAN_ROWS_MAX }],
};
