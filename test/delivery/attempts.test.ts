import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { retryDelayMs } from "#delivery/attempts.ts";
import { parseRetryAfter } from "#platform/outgoing/retry-after.ts";

describe("Retry-After", () => {
  const nowMs = Date.UTC(2026, 10, 22, 7, 0, 0);

  it.each([
    ["0", 0],
    ["120", 120_000],
    [" 5 ", 5_000],
    ["Sun, 22 Nov 2026 07:00:30 GMT", 30_000],
    ["Sun, 22 Nov 2026 06:00:00 GMT", 0],
    ["soon", null],
    ["-1", null],
    ["99999999999999999999", null],
    ["", null],
    [null, null],
  ])("%j is %j ms", (text, delayMs) => {
    expect(parseRetryAfter(text, nowMs)).toBe(delayMs);
  });

  it("is kept to within an hour, and back-off between 7 s and 15 min, whatever happened before", () => {
    fc.assert(
      fc.property(fc.nat(), fc.option(fc.nat()), (failures, retryAfterMs) => {
        const delayMs = retryDelayMs(failures, retryAfterMs);
        if (retryAfterMs !== null) expect(delayMs).toBe(Math.min(retryAfterMs, 3_600_000));
        else expect(delayMs >= 7_500 && delayMs <= 900_000).toBe(true);
      }),
    );
  });
});
