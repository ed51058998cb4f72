import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { better, readingOf } from "#dashboard/api/clock-reading.ts";
import { problemOf } from "#dashboard/api/problem.ts";
import { keyAction } from "#dashboard/parts/combobox-keys.ts";
import { returnPath } from "#dashboard/place/return-path.ts";
import { parseTypedTime } from "#dashboard/place/typed-time.ts";
import { idleState } from "#dashboard/shell/idle.ts";
import { shortcutAction } from "#dashboard/shell/shortcut-keys.ts";

describe("the way back from the sign-in", () => {
  it.each([
    ["/orgs/acme/lag?last=6h", "/orgs/acme/lag?last=6h"],
    [undefined, "/"],
    ["https://evil.example/", "/"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["/a\\b", "/"],
    ["/\t/evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["/sign-in?return=/", "/"],
  ])("%j is %j", (text, path) => {
    expect(returnPath(text)).toBe(path);
  });

  it("is always on this host", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
        const { host } = new URL(returnPath(`/${text}`), "https://mcpg.example/");
        expect(host).toBe("mcpg.example");
      }),
    );
  });
});

describe("a session that is not used", () => {
  const ends = { idleMs: 1_000_000, absoluteMs: 9_000_000 };

  it("is fine, is asked for, warns for two minutes, and is over", () => {
    const states = [0, 849_999, 850_000, 880_000, 999_999, 1_000_000];
    expect(states.map((ms) => idleState(ends, ms, 0).state)).toEqual([
      "fine",
      "fine",
      "ask",
      "warn",
      "warn",
      "over",
    ]);
  });

  it("is asked for once, and then waits for the warning", () => {
    expect(idleState(ends, 855_000, 850_000).state).toBe("fine");
  });

  it("leaves 20 s at least, as WCAG 2.2.1 asks", () => {
    const warned = idleState(ends, 880_000, 0);
    expect(warned).toMatchObject({ state: "warn", canExtend: true });
    expect(warned.state === "warn" && warned.leftMs).toBeGreaterThanOrEqual(20_000);
  });

  it("cannot be extended past its absolute end", () => {
    const both = { idleMs: 1_000_000, absoluteMs: 1_000_000 };
    expect(idleState(both, 900_000, 0)).toMatchObject({ state: "warn", canExtend: false });
  });
});

describe("the server's clock", () => {
  it("is known to within the round trip and the second that the header cuts", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 5_000 }), fc.nat({ max: 5_000 }), fc.nat({ max: 1e7 })), {
          minLength: 1,
        }),
        (trips) => {
          const trueAheadMs = 1_764_000_000_123;
          const readings = trips.map(([thereMs, backMs, sentMs]) => {
            const saidMs = Math.floor((trueAheadMs + sentMs + thereMs) / 1000) * 1000;
            return readingOf(saidMs, sentMs, sentMs + thereMs + backMs);
          });
          const known = readings.reduce(better);
          expect(Math.abs(known.aheadMs - trueAheadMs)).toBeLessThanOrEqual(
            known.uncertainMs + 1e-3,
          );
          expect(known.uncertainMs).toBeLessThanOrEqual(
            Math.min(...readings.map((one) => one.uncertainMs)),
          );
        },
      ),
    );
  });

  it("that is set is believed at once", () => {
    const before = readingOf(1_000_000, 0, 10);
    const after = readingOf(9_000_000, 100, 110);
    expect(better(before, after)).toEqual(after);
  });
});

describe("a field with suggestions", () => {
  const state = { isOpen: true, text: "li", at: -1, count: 3 };

  it("marks by arrows, all the way round", () => {
    expect(keyAction("ArrowDown", state)).toEqual({ do: "mark", at: 0 });
    expect(keyAction("ArrowUp", state)).toEqual({ do: "mark", at: 2 });
    expect(keyAction("ArrowDown", { ...state, at: 2 })).toEqual({ do: "mark", at: 0 });
  });

  it("takes what is marked, else what is written", () => {
    expect(keyAction("Enter", { ...state, at: 1 })).toEqual({ do: "take", at: 1 });
    expect(keyAction("Enter", { ...state, at: 1, isOpen: false })).toEqual({ do: "take", at: -1 });
  });

  it("closes by Esc, then empties, then lets it be another's", () => {
    expect(keyAction("Escape", state)).toEqual({ do: "close" });
    expect(keyAction("Escape", { ...state, isOpen: false })).toEqual({ do: "empty" });
    expect(keyAction("Escape", { ...state, isOpen: false, text: "" })).toBeNull();
  });
});

describe("a key", () => {
  it("after g opens a page, and alone does not", () => {
    expect(shortcutAction("g", false)).toEqual({ do: "wait" });
    expect(shortcutAction("l", true)).toEqual({ do: "open", page: "lag" });
    expect(shortcutAction("l", false)).toBeNull();
    expect(shortcutAction("toString", true)).toBeNull();
  });
});

describe("a typed time", () => {
  it.each([
    ["2026-11-28 14:05", Date.UTC(2026, 10, 28, 14, 5)],
    ["2026-11-28", Date.UTC(2026, 10, 28)],
    ["2026-11-28T14:05:09", Date.UTC(2026, 10, 28, 14, 5, 9)],
    [" 2026-11-28 9:05 ", Date.UTC(2026, 10, 28, 9, 5)],
    ["2026-11-28T14:05:00+05:30", Date.UTC(2026, 10, 28, 8, 35)],
    ["2026-02-30 10:00", null],
    ["yesterday", null],
  ])("%j is %d", (text, ms) => {
    expect(parseTypedTime(text, "utc")).toBe(ms);
  });

  it("is of the zone's own hour on both sides of a change to summer time", () => {
    const changeMs = Date.UTC(2026, 2, 29, 1);
    const zone = vi.spyOn(Date.prototype, "getTimezoneOffset");
    zone.mockImplementation(function offset(this: Date) {
      return this.getTime() < changeMs ? -60 : -120;
    });
    try {
      expect(parseTypedTime("2026-03-29 01:30", "local")).toBe(Date.UTC(2026, 2, 29, 0, 30));
      expect(parseTypedTime("2026-03-29 03:30", "local")).toBe(Date.UTC(2026, 2, 29, 1, 30));
      expect(parseTypedTime("2026-03-29 01:30", "utc")).toBe(Date.UTC(2026, 2, 29, 1, 30));
    } finally {
      zone.mockRestore();
    }
  });
});

it("an answer that is none of the API's is told as a problem, too", () => {
  expect(problemOf(502, undefined, null)).toMatchObject({ status: 502, code: "unreadable_answer" });
  const told = { code: "rate_limited", title: "Too many", detail: "Wait", request_id: "01" };
  expect(problemOf(429, told, "7")).toMatchObject({
    code: "rate_limited",
    retryAfterSeconds: 7,
    requestId: "01",
  });
});
