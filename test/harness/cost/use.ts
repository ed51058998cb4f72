/** What was played took, by part, and in all by what is billed. Pure. */
import { PARTS, type Part } from "./parts.ts";
import { type Billed, GB_PER_OBJECT } from "./prices.ts";
import type { Bill } from "./tally.ts";

export interface PartUse {
  rowsWritten: number;
  rowsRead: number;
  requests: number;
  objectRequests: number;
}

export type UseOfParts = Record<Part, PartUse>;

export interface Played {
  calls: number;
  /** That were appended to the ledger, where nothing else was. */
  events?: number;
  parts: UseOfParts;
  cpuMs: number;
  /** In which the object had something to do. */
  objectMs: number;
}

export function useOfParts({ rows, requests }: Pick<Bill, "rows" | "requests">): UseOfParts {
  const parts = Object.fromEntries(
    PARTS.map((part) => [part, { rowsWritten: 0, rowsRead: 0, requests: 0, objectRequests: 0 }]),
  ) as UseOfParts;
  for (const { part, read, written } of rows) {
    parts[part].rowsRead += read;
    parts[part].rowsWritten += written;
  }
  for (const { part, requests: made, objectRequests } of requests) {
    parts[part].requests += made;
    parts[part].objectRequests += objectRequests;
  }
  return parts;
}

/** Of all parts, a call. */
export function usePerCall({ calls, parts, cpuMs, objectMs }: Played): Record<Billed, number> {
  const sum = (kind: keyof PartUse) =>
    Object.values(parts).reduce((total, part) => total + part[kind], 0) / calls;
  return {
    rowsWritten: sum("rowsWritten"),
    rowsRead: sum("rowsRead"),
    requests: sum("requests"),
    cpuMs: cpuMs / calls,
    objectRequests: sum("objectRequests"),
    objectGbSeconds: ((objectMs / 1_000) * GB_PER_OBJECT) / calls,
  };
}

/** Rows of a window are pruned once a window, however little of it was played. */
const WINDOW_MINUTES: Record<string, number> = {
  rollups_hourly: 60,
  rollups_daily: 24 * 60,
  activity_quarters: 15,
};

/** The pruning of what so many minutes of traffic leave behind, in the long run. */
export function pruningOf({ rows }: Pick<Bill, "rows">, minutes: number): Bill["rows"] {
  return rows
    .filter(({ part }) => part === "pruning")
    .map(({ table, read, written, part }) => {
      const share = Math.min(1, minutes / (WINDOW_MINUTES[table] ?? minutes));
      return { part, table, read: read * share, written: written * share };
    });
}
