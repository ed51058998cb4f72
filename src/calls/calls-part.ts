/** An org's calls and the figures made of them, for as long as it has them: see src/orgs/org-lifecycle.ts. */

import { SET_BACK_QUERIES, setBackFarTimes, setBackOnce } from "#calls/store/far-times.ts";
import { pruneIdSkews } from "#calls/store/id-skews.ts";
import { pruneLagOnce } from "#calls/store/lag/read-lag.ts";
import { PRUNE_LINK_ROWS_MAX, pruneLinksOnce } from "#calls/store/pairing/prune-links.ts";
import {
  PRUNE_ACTIVITY_ROWS_MAX,
  PRUNE_QUERIES,
  PRUNE_ROWS_MAX,
  pruneOnce,
} from "#calls/store/prune.ts";
import { estimateBytes, SIZE_QUERIES } from "#calls/store/sizes.ts";
import type { OrgPart } from "#orgs/org-lifecycle.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { pruneCutoffs } from "./prune-cutoffs.ts";

const rowsMax = PRUNE_ROWS_MAX;
/** A tick may be so late: a time that is ahead by less has come soon. */
const LATE_TICK_MS_MAX = 10 * MINUTE_MS;

export const callsPart: OrgPart = {
  name: "calls",
  prune: {
    queries: PRUNE_QUERIES + 3 + SET_BACK_QUERIES,
    async chunk(shardDb, { org, retention }, nowMs) {
      const cutoffs = pruneCutoffs(retention, nowMs);
      const areDone = await Promise.all([
        pruneOnce(shardDb, org, cutoffs),
        pruneIdSkews(shardDb, org, cutoffs.samplesBeforeMs),
        pruneLinksOnce(shardDb, org, nowMs),
        pruneLagOnce(shardDb, org, nowMs, rowsMax),
        // Whoever prunes trusts the clock.
        setBackOnce(shardDb, org, { nowMs, aheadMsMax: LATE_TICK_MS_MAX }),
      ]);
      return areDone.every((isDone) => isDone) ? "done" : "more";
    },
  },
  correctClock: setBackFarTimes,
  size: { queries: SIZE_QUERIES, bytes: estimateBytes },
  tables: [
    { table: "arrivals", key: "id", rowsMax },
    { table: "waiting_calls", key: "id", rowsMax: PRUNE_LINK_ROWS_MAX },
    { table: "call_links", key: "seq", rowsMax: PRUNE_LINK_ROWS_MAX },
    { table: "tool_invocations", key: "id", rowsMax },
    { table: "id_skews", key: "hour", rowsMax },
    { table: "rollups_hourly", key: "hour, series", rowsMax },
    { table: "rollups_daily", key: "day, series", rowsMax },
    { table: "activity_minutes", key: "minute, block", rowsMax: PRUNE_ACTIVITY_ROWS_MAX },
    { table: "activity_quarters", key: "quarter, block", rowsMax: PRUNE_ACTIVITY_ROWS_MAX },
    { table: "activity_plugins", key: "plugin, workspace", rowsMax },
    { table: "series", key: "series", rowsMax },
    { table: "instances", key: "instance", rowsMax },
    { table: "lag_minutes", key: "minute", rowsMax },
  ],
};
