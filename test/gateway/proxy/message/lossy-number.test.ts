import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasLossyNumbers, lossyNumbersIn } from "#gateway/proxy/message/lossy-number.ts";

const isLossy = (number: string) => hasLossyNumbers({ text: `{"a":[true,${number}]}` });

describe("Numbers", () => {
  it.each([
    ["0", false],
    ["-7", false],
    ["1.0", false],
    ["1.50", false],
    ["1e2", false],
    ["0.1", false],
    ["0e999", false],
    ["1E-7", false],
    ["100000000000000000000", false],
    ["1e308", false],
    ["9007199254740991", false],
    ["9007199254740992", false],
    ["0.30000000000000004", false],
    ["-0.00000000000000000000125", false],
    ["-0", true],
    ["-0.0", true],
    ["-0e5", true],
    ["9007199254740993", true],
    ["12345678901234567890", true],
    ["3.14159265358979323846", true],
    ["0.1000000000000000055511151231257827", true],
    ["1e400", true],
    ["-1e400", true],
    ["1e-400", true],
    [`1${"0".repeat(400)}`, true],
    [`0.${"0".repeat(100_000)}1`, true],
    ["1e99999999999999999999", true],
  ])("as %s are read as others: %s", (number, expected) => {
    expect(isLossy(number)).toBe(expected);
  });

  it("that JSON.stringify wrote are kept, and so are decimals of fifteen digits", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(isLossy(JSON.stringify(number))).toBe(false);
      }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e15 - 1 }),
        fc.integer({ min: -290, max: 290 }),
        (n, e) => {
          expect(isLossy(`${n}e${e}`)).toBe(false);
        },
      ),
    );
  });

  it("are lossy exactly where an integer is not the one that was read", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (number) => {
        const isKept = BigInt(Number(number)).toString() === number.toString();
        if (!isKept) expect(isLossy(number.toString())).toBe(true);
        if (
          BigInt(Number.MAX_SAFE_INTEGER) >= number &&
          number >= -BigInt(Number.MAX_SAFE_INTEGER)
        ) {
          expect(isLossy(number.toString())).toBe(false);
        }
      }),
    );
  });

  it("within texts and names are none", () => {
    expect(hasLossyNumbers({ text: '{"1e400":"-0","\\"9007199254740993":["\\\\",1]}' })).toBe(
      false,
    );
  });
});

it("Many long numbers are gone through in steps", () => {
  const text = `[${Array(25_000).fill("0.1000000000000000").join()}]`;
  expect([...lossyNumbersIn({ text })]).toHaveLength(2);
  expect(hasLossyNumbers({ text })).toBe(false);
});
