import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  askPath,
  FILTER_NAMES,
  filtersOf,
  stepSeconds,
} from "#dashboard/activity/activity-question.ts";
import type { CallPage } from "#dashboard/activity/answers.ts";
import {
  CALL_COLUMNS,
  formatColumns,
  formatSort,
  parseColumns,
  parseSort,
  sortCalls,
} from "#dashboard/activity/calls/call-columns.ts";
import { CSV_HEADER, csvField, csvLine } from "#dashboard/activity/calls/csv-lines.ts";
import { followCursors } from "#dashboard/activity/calls/follow-cursors.ts";
import {
  FIRST_PAGE,
  formatListPlace,
  parseListPlace,
} from "#dashboard/activity/calls/list-place.ts";
import { curlCommand } from "#dashboard/activity/curl-command.ts";
import { drillQuery, outcomesCounted, zoomQuery } from "#dashboard/activity/drill-down.ts";
import {
  compareQuery,
  selectionDrill,
  selectionParams,
} from "#dashboard/activity/selection-query.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { COUNTED, OUTCOMES } from "#dashboard/parts/outcomes.ts";
import { parseAddress } from "#dashboard/place/address.ts";

const FROM_MS = Date.UTC(2026, 10, 28, 12);
const MINUTE_MS = 60_000;
const TIMES = { fromMs: FROM_MS, toMs: FROM_MS + 60 * MINUTE_MS };

const anyText = fc.string({ unit: "grapheme", maxLength: 40 });
const filters = fc.dictionary(
  fc.constantFrom("plugin", "tool", "workspace", "actor", "instance", "error_code"),
  anyText,
);
const outcomeLists = fc.subarray([...OUTCOMES], { minLength: 1 });

describe("a figure's question", () => {
  it("asks by every filter of the address, an empty one too, and by nothing else of it", () => {
    fc.assert(
      fc.property(filters, (given) => {
        const query = new Map([...Object.entries(given), ["view", "calls"], ["last", "1h"]]);
        const path = askPath("acme", "activity", query, TIMES, { step: 60, cursor: undefined });
        const asked = new URL(path, "http://host").searchParams;
        expect(Object.fromEntries(asked)).toEqual({
          ...Object.fromEntries(filtersOf(query)),
          from: "2026-11-28T12:00:00.000Z",
          to: "2026-11-28T13:00:00.000Z",
          step: "60",
        });
        expect(filtersOf(query).length).toBe(Object.keys(given).length);
      }),
    );
  });

  it("has steps of whole minutes that fit, and quarters of an hour where only these are kept", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90 * 24 * 60 }),
        fc.integer({ min: 0, max: 90 * 24 * 60 }),
        fc.integer({ min: 20, max: 100 }),
        (minutes, agoMinutes, columns) => {
          const toMs = FROM_MS - agoMinutes * MINUTE_MS;
          const times = { fromMs: toMs - minutes * MINUTE_MS, toMs };
          const step = stepSeconds(times, columns, FROM_MS);
          expect(step % 60).toBe(0);
          expect((minutes * 60) / step).toBeLessThanOrEqual(columns + 2);
          const isOld = times.fromMs < FROM_MS - 48 * 60 * MINUTE_MS;
          if (isOld) expect(step % 900).toBe(0);
        },
      ),
    );
    expect(stepSeconds(TIMES, 60, FROM_MS)).toBe(60);
  });
});

function rangeTerms(pair: readonly number[] | null): [string, string][] {
  if (pair === null) return [];
  return [
    ["min_duration_ms", String(Math.min(...pair))],
    ["max_duration_ms", String(Math.max(...pair))],
  ];
}

function outcomeTerms(outcomes: readonly string[] | null): [string, string][] {
  return outcomes === null ? [] : [["outcome", outcomes.join(",")]];
}

describe("a drill-down", () => {
  it("narrows the figure's filters and never widens them", () => {
    const ms = fc.integer({ min: 0, max: 86_400_000 });
    fc.assert(
      fc.property(
        fc.option(fc.tuple(ms, ms), { nil: null }),
        fc.option(fc.tuple(ms, ms), { nil: null }),
        fc.option(outcomeLists, { nil: null }),
        (asked, part, outcomes) => {
          const query = new Map<string, string>([
            ["tool", "query"],
            ...rangeTerms(asked),
            ...outcomeTerms(outcomes),
          ]);
          const list = drillQuery(query, {
            ...TIMES,
            outcomes: outcomesCounted(query),
            minDurationMs: part && Math.min(...part),
            maxDurationMs: part && Math.max(...part),
          });
          const pairs = [asked, part].filter((pair) => pair !== null);
          const least = pairs.map((pair) => Math.min(...pair));
          const most = pairs.map((pair) => Math.max(...pair));
          const got = ["min_duration_ms", "max_duration_ms"].map((name) => list.get(name));
          const expected = least.length === 0 ? [] : [Math.max(...least), Math.min(...most)];
          expect(got).toEqual([expected[0]?.toString(), expected[1]?.toString()]);
          expect(list.get("tool")).toBe("query");
          const listed = list.get("outcome")!.split(",");
          expect(outcomes ?? listed).toEqual(expect.arrayContaining(listed));
        },
      ),
    );
  });

  it("leaves replays out where the figure does, and only there", () => {
    expect(outcomesCounted(new Map())).toEqual(COUNTED);
    expect(outcomesCounted(new Map([["outcome", "ok,client_error"]]))).toEqual(COUNTED);
    const named = new Map([["outcome", "ok,idempotent_replay"]]);
    expect(drillQuery(named, { ...TIMES, outcomes: outcomesCounted(named) }).get("outcome")).toBe(
      "ok,idempotent_replay",
    );
  });

  it("takes nothing along of how another list was read, nor of a selection", () => {
    const query = new Map(
      Object.entries({
        last: "1h",
        after: "2.a.b.c",
        sel_outcome: "ok",
        columns: "id",
        zone: "utc",
      }),
    );
    expect(Object.fromEntries(drillQuery(query, TIMES))).toEqual({
      columns: "id",
      zone: "utc",
      from: "2026-11-28T12:00:00.000Z",
      to: "2026-11-28T13:00:00.000Z",
      view: "calls",
    });
    expect(zoomQuery(query, TIMES).has("view")).toBe(false);
  });
});

describe("a selection", () => {
  it("is in the address what it was when it was drawn, and a new one replaces it whole", () => {
    fc.assert(
      fc.property(
        fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: null }),
        fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: null }),
        fc.option(outcomeLists, { nil: null }),
        (minDurationMs, maxDurationMs, outcomes) => {
          const before = compareQuery(new Map(), {
            ...TIMES,
            minDurationMs: 1,
            maxDurationMs: 2,
            outcomes: ["ok"],
          });
          const drawn = {
            ...TIMES,
            minDurationMs,
            maxDurationMs,
            ...(outcomes ? { outcomes } : {}),
          };
          const compared = compareQuery(before, drawn);
          expect(selectionDrill(compared, { fromMs: 0, toMs: 1 })).toEqual(drawn);
          const named = Object.keys(selectionParams(compared));
          expect(named.every((name) => name.startsWith("sel_"))).toBe(true);
        },
      ),
    );
  });
});

describe("a page of a list", () => {
  it("comes back from the address for its own range, and for no other", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.base64String({ minLength: 1 }),
        (page, cursor) => {
          const text = formatListPlace({ page, cursor }, TIMES)!;
          const { query } = parseAddress("/", `?after=${encodeURIComponent(text)}`);
          expect(parseListPlace(query.get("after"), TIMES)).toEqual({ page, cursor });
          for (const other of [{ fromMs: TIMES.fromMs + 1 }, { toMs: TIMES.toMs + 1 }]) {
            const times = { ...TIMES, ...other };
            expect(parseListPlace(query.get("after"), times)).toEqual(FIRST_PAGE);
          }
        },
      ),
    );
    expect(parseListPlace("nonsense", TIMES)).toEqual(FIRST_PAGE);
    expect(parseListPlace(undefined, TIMES)).toEqual(FIRST_PAGE);
  });
});

function callOf(part: Partial<CallAnswer>): CallAnswer {
  const absent = Object.fromEntries(CALL_COLUMNS.map(({ name }) => [name, null]));
  return { ...absent, has_payload: false, ...part } as unknown as CallAnswer;
}

describe("columns", () => {
  it("are in the address as they are shown, and the usual ones are not", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...CALL_COLUMNS], { minLength: 1 }), (chosen) => {
        expect(parseColumns(formatColumns(chosen) ?? undefined)).toEqual(chosen);
      }),
    );
    expect(formatColumns(parseColumns(undefined))).toBeNull();
    expect(parseColumns("of_another_version,tool").map(({ name }) => name)).toEqual(["tool"]);
    expect(parseColumns("__proto__")).toEqual(parseColumns(undefined));
  });

  it("sort the page with what is not there at its end, either way", () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer(), { nil: null })),
        fc.boolean(),
        (sizes, isDescending) => {
          const sort = parseSort(formatSort({ name: "request_bytes", isDescending }));
          expect(sort).toEqual({ name: "request_bytes", isDescending });
          const calls = sizes.map((request_bytes) => callOf({ request_bytes }));
          const sorted = sortCalls(calls, sort).map(({ request_bytes }) => request_bytes);
          const known = sizes.filter((size) => size !== null).sort((a, b) => a - b);
          const expected = isDescending ? known.reverse() : known;
          expect(sorted.slice(0, known.length)).toEqual(expected);
          expect(sorted.slice(known.length).every((size) => size === null)).toBe(true);
        },
      ),
    );
  });
});

/** RFC 4180, read by another hand than wrote it. */
function parseCsvLine(line: string): string[] {
  const fields: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (const match of line.matchAll(pattern)) {
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === "\r\n") break;
  }
  return fields;
}

describe("CSV", () => {
  it("has each text back as it was, but for the apostrophe before what a spreadsheet would run", () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText, fc.constantFrom("=1+1", "@x", " =a", "\t=a", 'a"b,c\r\nd')),
        (tool) => {
          const line = csvLine(callOf({ tool, lag_ms: -5 }));
          const fields = parseCsvLine(line);
          const names = CSV_HEADER.trimEnd().split(",");
          expect(fields.length).toBe(names.length);
          expect(fields[names.indexOf("tool")]!.replace(/^'/, "")).toBe(tool.replace(/^'/, ""));
          expect(fields[names.indexOf("lag_ms")]).toBe("-5");
          expect(fields.every((field) => field === "-5" || !/^\s*[=+\-@]/.test(field))).toBe(true);
        },
      ),
    );
    expect(csvField("=1")).toBe("'=1");
    expect(["\tx", "\rx", "\nx"].map((text) => csvField(text).replaceAll('"', ""))).toEqual([
      "'\tx",
      "'\rx",
      "'\nx",
    ]);
    expect(csvField(null)).toBe("");
  });
});

describe("an export", () => {
  it("follows cursors over empty pages to the last one", async () => {
    const pages: CallPage[] = [
      { invocations: [callOf({ id: "1" })], next_cursor: "a" },
      { invocations: [], next_cursor: "b" },
      { invocations: [callOf({ id: "2" }), callOf({ id: "3" })], next_cursor: null },
    ];
    const asked: (string | null)[] = [];
    const ids: string[] = [];
    for await (const calls of followCursors(async (cursor) => pages[asked.push(cursor) - 1]!)) {
      ids.push(...calls.map(({ id }) => id));
    }
    expect(ids).toEqual(["1", "2", "3"]);
    expect(asked).toEqual([null, "a", "b"]);
  });
});

describe("curl", () => {
  it("has no token, and no quote of a name ends its own", () => {
    fc.assert(
      fc.property(anyText, (tool) => {
        const path = askPath(
          "acme",
          "invocations",
          new Map([["tool", `'; rm -rf / #${tool}`]]),
          TIMES,
        );
        const command = curlCommand("https://host", path);
        expect(command.split("'").length).toBe(3);
        expect(command.startsWith('curl -sS -H "Authorization: Bearer $MCPG_TOKEN" ')).toBe(true);
      }),
    );
    expect(FILTER_NAMES).toContain("tool");
  });
});
