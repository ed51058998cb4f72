import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ColumnAxis,
  cellAt,
  columnLeft,
  columnState,
  columnTimes,
  countedTimes,
} from "#dashboard/charts/column-axis.ts";
import { moveInGrid } from "#dashboard/charts/grid-keys.ts";
import { heatShade, mixRgb, parseRgb } from "#dashboard/charts/heat-colour.ts";
import {
  bucketOfRow,
  doublingLines,
  heatRows,
  heatSelection,
  rowCount,
} from "#dashboard/charts/heat-rows.ts";
import { linePath, lonePoints } from "#dashboard/charts/line-path.ts";
import { logAxis, logShare } from "#dashboard/charts/log-axis.ts";
import { niceAxis } from "#dashboard/charts/nice-axis.ts";
import { GAP_PX, stackedSegments } from "#dashboard/charts/stacked-segments.ts";
import { tickLabel, timeTicks } from "#dashboard/charts/time-ticks.ts";
import { durationRangeMs } from "#formats/half-octave.ts";

const HOUR_MS = 3_600_000;

describe("niceAxis", () => {
  it("reaches over every value by less than a step, in steps of 1, 2 or 5 times a power of ten", () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.integer({ min: 2, max: 8 }), (greatest, wanted) => {
        const { top, ticks } = niceAxis(greatest, 1, wanted);
        const step = ticks[1]!;
        expect(top).toBeGreaterThanOrEqual(greatest);
        expect(top - Math.max(greatest, 1)).toBeLessThan(step);
        expect(["1", "2", "5"]).toContain(step.toExponential().split("e")[0]);
        expect(ticks.length).toBeLessThanOrEqual(wanted + 1);
        expect(ticks.every(Number.isInteger)).toBe(true);
        expect(ticks.at(-1)).toBe(top);
      }),
    );
  });

  it("has no ratio above one, and no label with a rounding error", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (ratio) => {
        const { top, ticks } = niceAxis(ratio, 0.001);
        expect(top).toBeLessThanOrEqual(1);
        expect(ticks.every((tick) => String(tick).length <= 6)).toBe(true);
      }),
    );
  });
});

/** Clocks that are put forward an hour at one time and back at another. */
function summerTime(baseMinutes: number, startMs: number, endMs: number) {
  return (ms: number) => baseMinutes * 60_000 + (ms >= startMs && ms < endMs ? HOUR_MS : 0);
}

describe("timeTicks", () => {
  const start = Date.UTC(2026, 0, 1);
  const day = 86_400_000;

  it("are at round times of the zone's clocks, ascending, within the range and not too many", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 400 * 86_400 }),
        fc.integer({ min: 60, max: 60 * 86_400 }),
        fc.constantFrom(-480, -210, 0, 60, 330, 345, 720),
        fc.integer({ min: 2, max: 12 }),
        (fromSeconds, lengthSeconds, baseMinutes, most) => {
          const fromMs = start + fromSeconds * 1000;
          const toMs = fromMs + lengthSeconds * 1000;
          const offset = summerTime(baseMinutes, start + 87 * day, start + 297 * day);
          const ticks = timeTicks(fromMs, toMs, most, offset);
          expect(ticks.length).toBeLessThanOrEqual(most);
          for (const [index, tick] of ticks.entries()) {
            expect(tick.ms >= fromMs && tick.ms < toMs).toBe(true);
            expect(tick.ms).toBeGreaterThan(ticks[index - 1]?.ms ?? -Infinity);
            expect(tick.ms + offset(tick.ms)).toBe(tick.wallMs);
            expect(tick.wallMs % 60_000).toBe(0);
            expect(tick.isDayStart).toBe(tick.wallMs % day === 0);
          }
        },
      ),
    );
  });

  it("says the day at midnight and the clock else", () => {
    const ticks = timeTicks(Date.UTC(2026, 10, 27, 20), Date.UTC(2026, 10, 28, 4), 9, () => 0);
    expect(ticks.map(tickLabel)).toEqual(
      "20:00 21:00 22:00 23:00 28 Nov,01:00 02:00 03:00".split(/ (?!Nov)|,/),
    );
  });

  it("leaves out a midnight that the clocks jump over", () => {
    const jump = Date.UTC(2026, 2, 29);
    const offset = (ms: number) => (ms >= jump ? HOUR_MS : 0);
    const ticks = timeTicks(jump - 2 * day, jump + 2 * day, 5, offset);
    expect(ticks.map(({ ms }) => ms)).not.toContain(jump);
    expect(ticks.map(tickLabel)).toEqual(["27 Mar", "28 Mar", "30 Mar", "31 Mar"]);
  });
});

describe("stackedSegments", () => {
  const counts = fc.array(fc.oneof(fc.constant(0), fc.nat(20), fc.nat(1e6)), {
    minLength: 1,
    maxLength: 6,
  });

  it("show every count that is not zero, in order, a pixel of ground between two", () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 40, max: 400 }), (column, height) => {
        const total = column.reduce((sum, count) => sum + count, 0);
        const segments = stackedSegments(column, Math.max(total, 1), height);
        const present = column.flatMap((count, series) => (count > 0 ? [series] : []));
        expect(segments.map(({ series }) => series)).toEqual(present);
        for (const [index, segment] of segments.entries()) {
          const below = segments[index - 1];
          expect(segment.height).toBeGreaterThanOrEqual(2);
          expect(Number.isInteger(segment.height)).toBe(true);
          expect(segment.base).toBe(below ? below.base + below.height + GAP_PX : 0);
        }
      }),
    );
  });

  it("together are as tall as their sum, and each in proportion", () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 40, max: 400 }), (column, height) => {
        const total = column.reduce((sum, count) => sum + count, 0);
        fc.pre(total > 0);
        const segments = stackedSegments(column, total, height);
        const last = segments.at(-1)!;
        expect(last.base + last.height).toBe(height);
        const ground = (segments.length - 1) * GAP_PX;
        for (const { series, height: own } of segments) {
          const exact = (column[series]! / total) * (height - ground);
          // What small ones take to be seen, at most two pixels each, others give.
          expect(Math.abs(own - exact)).toBeLessThanOrEqual(1 + 2 * segments.length);
        }
      }),
    );
  });
});

const AXIS: ColumnAxis = {
  fromMs: 0,
  stepMs: 60_000,
  columns: 10,
  countedUntilMs: 450_000,
  scannedToMs: 90_000,
};

describe("ColumnAxis", () => {
  it("tells what is counted from what is open, to come and not looked at", () => {
    const states = Array.from({ length: 10 }, (_, column) => columnState(AXIS, column));
    expect(states).toEqual(
      "unknown unknown whole whole whole whole whole open future future".split(" "),
    );
  });

  it("has a column whole once all of its time is counted, to the millisecond", () => {
    const state = (countedUntilMs: number) => columnState({ ...AXIS, countedUntilMs }, 6);
    expect([419_999, 420_000].map(state)).toEqual(["open", "whole"]);
    expect([360_000, 360_001].map(state)).toEqual(["future", "open"]);
  });

  it("leads from where a scan broke off to what it counted, and nowhere before", () => {
    expect(countedTimes(AXIS, 1)).toEqual({ fromMs: 90_000, toMs: 120_000 });
    expect(countedTimes(AXIS, 0, 9)).toEqual({ fromMs: 90_000, toMs: 600_000 });
    expect(countedTimes({ ...AXIS, scannedToMs: null }, 1)).toEqual(columnTimes(AXIS, 1));
  });

  it("has the times of adjacent columns meet, and covers all pixels once", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 240 }),
        fc.integer({ min: 240, max: 2_000 }),
        (columns, width) => {
          const lefts = Array.from({ length: columns + 1 }, (_, n) =>
            columnLeft(n, columns, width),
          );
          expect([lefts[0], lefts.at(-1)]).toEqual([0, width]);
          for (let column = 0; column < columns; column++) {
            expect(lefts[column + 1]! - lefts[column]!).toBeGreaterThanOrEqual(1);
            const middle = (lefts[column]! + lefts[column + 1]!) / 2;
            expect(cellAt(middle, columns, width)).toBe(column);
            expect(columnTimes(AXIS, column).toMs).toBe(columnTimes(AXIS, column + 1).fromMs);
          }
          expect(cellAt(-50, columns, width)).toBe(0);
          expect(cellAt(width + 50, columns, width)).toBe(columns - 1);
        },
      ),
    );
  });
});

describe("the heat map's rows", () => {
  const buckets = fc.array(fc.integer({ min: -41, max: 33 }), { minLength: 1, maxLength: 50 });

  it("have room for every bucket that has calls", () => {
    fc.assert(
      fc.property(buckets, (seen) => {
        const rows = heatRows(seen);
        const shown = Array.from({ length: rowCount(rows) }, (_, row) => bucketOfRow(rows, row));
        expect(seen.every((bucket) => shown.includes(bucket))).toBe(true);
        expect(rowCount(rows)).toBeGreaterThanOrEqual(8);
        expect(rows.lowest).toBeGreaterThanOrEqual(-41);
      }),
    );
  });

  it("have lines at powers of two of a second, not more than asked for", () => {
    fc.assert(
      fc.property(buckets, fc.integer({ min: 3, max: 10 }), (seen, most) => {
        const rows = heatRows(seen);
        const lines = doublingLines(rows, most);
        expect(lines.length).toBeLessThanOrEqual(most + 1);
        for (const { seconds, row } of lines) {
          expect(Number.isInteger(Math.log2(seconds))).toBe(true);
          expect(2 ** (bucketOfRow(rows, row) / 2)).toBe(seconds);
        }
      }),
    );
  });
});

describe("a rectangle on the heat map", () => {
  const rows = { lowest: -16, highest: 3 };
  const corner = fc.record({
    column: fc.integer({ min: 0, max: 9 }),
    row: fc.integer({ min: 0, max: 19 }),
  });

  it("means the same from whichever corner it is drawn, and holds all its cells", () => {
    fc.assert(
      fc.property(corner, corner, (a, b) => {
        const selection = heatSelection(AXIS, rows, a, b);
        expect(heatSelection(AXIS, rows, b, a)).toEqual(selection);
        const flipped = heatSelection(
          AXIS,
          rows,
          { column: a.column, row: b.row },
          { column: b.column, row: a.row },
        );
        expect(flipped).toEqual(selection);
        for (const { column, row } of [a, b]) {
          const times = columnTimes(AXIS, column);
          const durations = durationRangeMs(bucketOfRow(rows, row));
          expect(times.fromMs).toBeGreaterThanOrEqual(selection.fromMs);
          expect(times.toMs).toBeLessThanOrEqual(selection.toMs);
          expect(durations.min_duration_ms).toBeGreaterThanOrEqual(selection.minDurationMs ?? 0);
          expect(durations.max_duration_ms).toBeLessThanOrEqual(selection.maxDurationMs ?? 1e9);
        }
      }),
    );
  });

  it("of the one row that there is has its durations", () => {
    const at = { column: 2, row: 0 };
    const { minDurationMs, maxDurationMs } = heatSelection(AXIS, { lowest: 5, highest: 5 }, at, at);
    expect({ min_duration_ms: minDurationMs, max_duration_ms: maxDurationMs }).toEqual(
      durationRangeMs(5),
    );
  });

  it("ends where the next column starts, and over all rows is of time alone", () => {
    const selection = heatSelection(AXIS, rows, { column: 2, row: 19 }, { column: 4, row: 0 });
    expect(selection).toEqual({
      fromMs: 120_000,
      toMs: 300_000,
      minDurationMs: null,
      maxDurationMs: null,
    });
  });
});

describe("shades", () => {
  it("grow with the count, from the lowest colour at one to the highest at the greatest", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1e9 }), fc.nat(1e9), (greatest, below) => {
        const count = 1 + (below % greatest);
        expect(heatShade(1, greatest)).toBe(0);
        expect(heatShade(greatest, greatest)).toBe(1);
        if (count > 1) {
          expect(heatShade(count, greatest)).toBeGreaterThan(heatShade(count - 1, greatest));
        }
      }),
    );
    expect(mixRgb(parseRgb("rgb(198, 219, 239)"), parseRgb("rgb(8, 48, 107)"), 0)).toEqual([
      198, 219, 239,
    ]);
  });
});

describe("moveInGrid", () => {
  it("never leaves the grid, and takes no key that is not its own", () => {
    const keys = "ArrowLeft ArrowRight ArrowUp ArrowDown PageUp PageDown Home End".split(" ");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...keys), fc.boolean()), { maxLength: 40 }),
        (pressed) => {
          const size = { columns: 7, rows: 4 };
          let place = { column: 3, row: 1 };
          for (const [key, isControl] of pressed) {
            place = moveInGrid(place, size, key, isControl)!;
            expect(place.column >= 0 && place.column < 7 && place.row >= 0 && place.row < 4).toBe(
              true,
            );
          }
        },
      ),
    );
    for (const key of ["Tab", "a", "Enter", "constructor", "__proto__"]) {
      expect(moveInGrid({ column: 0, row: 0 }, { columns: 2, rows: 2 }, key, false)).toBeNull();
    }
  });
});

describe("lines", () => {
  it("are broken where there is no value, and a value between two such is a dot", () => {
    const points = [{ x: 0, y: 1 }, { x: 1, y: 2 }, null, { x: 3, y: 4 }, null, { x: 5.04, y: 6 }];
    expect(linePath(points)).toBe("M0 1L1 2M3 4M5 6");
    expect(lonePoints(points)).toEqual([
      { x: 3, y: 4 },
      { x: 5.04, y: 6 },
    ]);
  });

  it("lie within their logarithmic axis, which begins and ends at powers of ten", () => {
    const ms = fc.double({ min: 0, max: 86_400_000, noNaN: true });
    fc.assert(
      fc.property(fc.array(ms, { minLength: 1, maxLength: 20 }), (values) => {
        const axis = logAxis(values);
        expect(axis.low).toBeLessThanOrEqual(Math.max(0.001, ...values));
        expect(axis.high).toBeGreaterThanOrEqual(Math.max(...values) * (1 - 1e-9));
        for (const value of values) {
          expect(logShare(axis, value)).toBeGreaterThanOrEqual(0);
          expect(logShare(axis, value)).toBeLessThanOrEqual(1);
        }
        for (const tick of axis.ticks) expect(tick.toExponential()).toMatch(/^1e/);
      }),
    );
  });
});
