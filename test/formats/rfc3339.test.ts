import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTimestamp, parseTimestampMs } from "#formats/rfc3339.ts";

const timeMs = fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) });
const anyTimeMs = fc.integer({ min: Date.parse("0000-01-01T00:00:00Z"), max: 253_402_300_799_999 });
const pad = (n: number) => String(n).padStart(2, "0");

describe("parseTimestampMs", () => {
  it("agrees with Date, and formatTimestamp gives the text back", () => {
    const agrees = (ms: number) => {
      const text = new Date(ms).toISOString();
      expect(parseTimestampMs(text)).toBe(ms);
      expect(formatTimestamp(ms)).toBe(text);
    };
    fc.assert(fc.property(timeMs, agrees), { numRuns: 5_000 });
    fc.assert(fc.property(anyTimeMs, agrees), { numRuns: 5_000 });
  });

  it("agrees with Date on every day of 1896 to 2104", () => {
    const wrong: string[] = [];
    for (let ms = Date.UTC(1896, 0, 1); ms < Date.UTC(2105, 0, 1); ms += 86_400_000) {
      const text = new Date(ms).toISOString();
      if (parseTimestampMs(text) !== ms || formatTimestamp(ms) !== text) wrong.push(text);
    }
    expect(wrong).toEqual([]);
  });

  it("takes any offset off", () => {
    const minutes = fc.integer({ min: -1439, max: 1439 });
    fc.assert(
      fc.property(timeMs, minutes, (ms, offset) => {
        const local = new Date(ms + offset * 60_000).toISOString().slice(0, -1);
        const sign = offset < 0 ? "-" : "+";
        const [hour, minute] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
        expect(parseTimestampMs(`${local}${sign}${pad(hour)}:${pad(minute)}`)).toBe(ms);
      }),
    );
  });

  it.each([
    ["1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z"],
    ["1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000Z"],
    ["1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"],
    ["1990-12-31T23:59:60Z", "1991-01-01T00:00:00.000Z"],
    ["1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.000Z"],
  ])("reads the RFC's example %s (§5.8)", (text, utc) => {
    expect(formatTimestamp(parseTimestampMs(text)!)).toBe(utc);
  });

  it.each([
    ["2026-11-22t07:41:32.123z", "2026-11-22T07:41:32.123Z"],
    ["2026-11-22T07:41:32.1Z", "2026-11-22T07:41:32.100Z"],
    ["2026-11-22T07:41:32.123999999999999999999Z", "2026-11-22T07:41:32.123Z"],
    ["2026-11-22T07:41:32-00:00", "2026-11-22T07:41:32.000Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.500Z"],
    ["0000-02-29T00:00:00Z", "0000-02-29T00:00:00.000Z"],
  ])("reads %s", (text, utc) => {
    expect(formatTimestamp(parseTimestampMs(text)!)).toBe(utc);
  });

  it.each([
    "",
    "2026-11-22",
    "2026-11-22T07:41:32",
    "2026-11-22 07:41:32Z",
    "2026-11-22T07:41Z",
    "2026-11-22T07:41:32.Z",
    "2026-11-22T07:41:32,5Z",
    "2026-11-22T07:41:32.5",
    "2026-11-22T07:41:32ZZ",
    "2026-11-22T07:41:32Z\n",
    " 2026-11-22T07:41:32Z",
    "2026-11-22T07:41:32+01",
    "2026-11-22T07:41:32+0100",
    "2026-11-22T07:41:32+24:00",
    "2026-11-22T07:41:32+01:60",
    "2026-11-22T07:41:32+01:000",
    "2026-11-22T07:41:32−01:00",
    "2026-11-22T24:00:00Z",
    "2026-11-22T07:60:00Z",
    "2026-11-22T07:41:61Z",
    "2026-11-22T07:41:60Z",
    "2026-11-22T23:59:60Z",
    "2026-12-31T23:59:60+01:00",
    "2026-00-22T07:41:32Z",
    "2026-13-22T07:41:32Z",
    "2026-11-00T07:41:32Z",
    "2026-11-31T07:41:32Z",
    "2026-02-30T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2o26-11-22T07:41:32Z",
    "2026/11/22T07:41:32Z",
    "+02026-11-22T07:41:32Z",
    "0000-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "٢٠٢٦-11-22T07:41:32Z",
  ])("refuses %j", (text) => {
    expect(parseTimestampMs(text)).toBeUndefined();
  });

  it("reads epoch milliseconds as they are, and no other number", () => {
    expect([0, 1_795_333_292_123].map(parseTimestampMs)).toEqual([0, 1_795_333_292_123]);
    for (const ms of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 253_402_300_800_000]) {
      expect(parseTimestampMs(ms)).toBeUndefined();
    }
  });
});

describe("formatTimestamp", () => {
  it("orders as text by time", () => {
    fc.assert(
      fc.property(anyTimeMs, anyTimeMs, (left, right) => {
        expect(formatTimestamp(left) < formatTimestamp(right)).toBe(left < right);
      }),
    );
  });

  it("refuses what it could not write in 24 characters", () => {
    for (const ms of [0.5, Number.NaN, 253_402_300_800_000, -62_167_219_200_001]) {
      expect(() => formatTimestamp(ms)).toThrow(RangeError);
    }
  });
});
