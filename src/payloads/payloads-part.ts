/** An org's payloads, for as long as it has their samples: see src/orgs/org-lifecycle.ts. */
import { pruneCutoffs } from "#calls/prune-cutoffs.ts";
import type { OrgPart } from "#orgs/org-lifecycle.ts";
import { PRUNE_ROWS_QUERIES } from "#orgs/store/counted-rows.ts";
import { findPayloadBytes } from "#payloads/store/payload-bytes.ts";
import { PRUNE_PAYLOAD_ROWS_MAX, prunePayloadsOnce } from "#payloads/store/prune-payloads.ts";

export const payloadsPart: OrgPart = {
  name: "payloads",
  prune: {
    queries: PRUNE_ROWS_QUERIES,
    async chunk(shardDb, { org, retention }, nowMs) {
      const { samplesBeforeMs } = pruneCutoffs(retention, nowMs);
      return (await prunePayloadsOnce(shardDb, org, samplesBeforeMs)) ? "done" : "more";
    },
  },
  size: { queries: 1, bytes: findPayloadBytes },
  tables: [
    { table: "tool_invocation_payloads", key: "id", rowsMax: PRUNE_PAYLOAD_ROWS_MAX },
    { table: "payload_erasures", key: "id", rowsMax: PRUNE_PAYLOAD_ROWS_MAX },
    { table: "payload_resealings", key: "key_version", rowsMax: PRUNE_PAYLOAD_ROWS_MAX },
  ],
};
