/** The spans around an org's calls, for as long as it has them: see src/orgs/org-lifecycle.ts. */

import { pruneCutoffs } from "#calls/prune-cutoffs.ts";
import type { OrgPart } from "#orgs/org-lifecycle.ts";
import { PRUNE_ROWS_QUERIES } from "#orgs/store/counted-rows.ts";
import { PRUNE_SPAN_ROWS_MAX, pruneSpansOnce } from "#otlp/store/prune-spans.ts";
import { findSpanBytes } from "#otlp/store/span-bytes.ts";
import { UNMAPPED_ROWS_MAX } from "#otlp/store/unmapped-rows.ts";

export const spansPart: OrgPart = {
  name: "spans",
  prune: {
    queries: PRUNE_ROWS_QUERIES,
    async chunk(shardDb, { org, retention }, nowMs) {
      const { samplesBeforeMs } = pruneCutoffs(retention, nowMs);
      return (await pruneSpansOnce(shardDb, org, samplesBeforeMs)) ? "done" : "more";
    },
  },
  size: { queries: 1, bytes: findSpanBytes },
  tables: [
    { table: "spans", key: "id", rowsMax: PRUNE_SPAN_ROWS_MAX },
    { table: "unmapped_spans", key: "shape", rowsMax: UNMAPPED_ROWS_MAX + 1 },
  ],
};
