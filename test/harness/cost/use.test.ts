import { describe, expect, it } from "vitest";
import { USD_PER_MILLION, usdPerMillionCalls } from "./prices.ts";
import { pruningOf, useOfParts, usePerCall } from "./use.ts";

const NOTHING = {
  ...{ rowsWritten: 0, rowsRead: 0, requests: 0 },
  ...{ cpuMs: 0, objectRequests: 0, objectGbSeconds: 0 },
};

describe("Dollars a million calls", () => {
  it("are the price of a million where a call takes one", () => {
    const one = Object.fromEntries(Object.keys(NOTHING).map((kind) => [kind, 1]));
    expect(usdPerMillionCalls(one as typeof NOTHING)).toEqual(USD_PER_MILLION);
  });

  it("are a dollar a row written, and as much for 1,000 rows read", () => {
    expect(usdPerMillionCalls({ ...NOTHING, rowsWritten: 2.5 }).rowsWritten).toBe(2.5);
    expect(usdPerMillionCalls({ ...NOTHING, rowsRead: 1_000 }).rowsRead).toBe(1);
  });
});

describe("The use of what was played", () => {
  const rows = [
    { part: "fold", table: "series", read: 30, written: 20 },
    { part: "fold", table: "arrivals", read: 2, written: 2 },
    { part: "scrape", table: "", read: 500, written: 0 },
  ] as const;
  const requests = [{ part: "scrape", requests: 4, objectRequests: 1 }] as const;

  it("has each row in one part, and all of them in the sum", () => {
    const parts = useOfParts({ rows: [...rows], requests: [...requests] });
    expect(parts.fold).toMatchObject({ rowsWritten: 22, rowsRead: 32 });
    const use = usePerCall({ calls: 10, parts, cpuMs: 5, objectMs: 2_000 });
    expect(use).toMatchObject({ rowsWritten: 2.2, rowsRead: 53.2, requests: 0.4 });
    expect(use).toMatchObject({ objectRequests: 0.1, cpuMs: 0.5 });
    expect(use.objectGbSeconds).toBeCloseTo(0.0256);
  });

  it("prunes a window's rows once a window, however little of it was played", () => {
    const pruned = (table: string, minutes: number) =>
      pruningOf({ rows: [{ part: "pruning", table, read: 0, written: 240 }] }, minutes)[0]?.written;
    expect(pruned("rollups_hourly", 15)).toBe(60);
    expect(pruned("rollups_hourly", 60)).toBe(240);
    expect(pruned("rollups_daily", 60)).toBe(10);
    expect(pruned("tool_invocations", 1)).toBe(240);
  });

  it("takes of a time in which all is pruned the pruning alone", () => {
    expect(pruningOf({ rows: [...rows] }, 60)).toEqual([]);
  });
});
