/**
 * The service's own gateway is there on demand and says goodbye in each report, so that none is missed where nobody
 * calls. While it reports it is online, as any other; only who named another so, and stopped it, reads that for the
 * same while.
 */
import type { InstanceRow } from "./overview-answers.ts";

const OWN_GATEWAY = "gateway";
/** As of those that say no goodbye. */
const ONLINE_MS_MAX = 90_000;

export function withOwnGateway(rows: readonly InstanceRow[], nowMs: number): InstanceRow[] {
  return rows.map((row) => {
    const isRecent = nowMs - Date.parse(row.last_report) < ONLINE_MS_MAX;
    const isOnline = row.id === OWN_GATEWAY && row.state === "departed" && isRecent;
    return isOnline ? { ...row, state: "online" } : row;
  });
}
