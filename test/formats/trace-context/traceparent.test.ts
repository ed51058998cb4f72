import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTraceparent, parseTraceparent } from "#formats/trace-context/traceparent.ts";
import { mutationOf } from "../tlog/mutation.ts";
import { anyText, spanId, traceId } from "./arbitraries.ts";

/** Of the example in §3.1. */
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

const parent = fc.record({
  traceId,
  parentId: spanId,
  sampled: fc.boolean(),
  random: fc.boolean(),
});
const lateVersion = fc.integer({ min: 1, max: 0xfe }).map((n) => n.toString(16).padStart(2, "0"));

describe("parseTraceparent", () => {
  it.each([
    ["00", false, false],
    ["01", true, false],
    ["02", false, true],
    ["03", true, true],
    ["fc", false, false],
    ["ff", true, true],
  ])("reads two of the flags %s", (flags, sampled, random) => {
    const expected = { traceId: TRACE, parentId: SPAN, sampled, random };
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`)).toEqual(expected);
  });

  it.each([
    ["no header", null],
    ["an empty one", ""],
    ["upper case in the trace id", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ["upper case in the parent id", `00-${TRACE}-${SPAN.toUpperCase()}-01`],
    ["upper case in the flags", `00-${TRACE}-${SPAN}-0A`],
    ["upper case in the version", `CC-${TRACE}-${SPAN}-01`],
    ["a zero trace id in a later version", `cc-${"0".repeat(32)}-${SPAN}-01`],
    ["a zero parent id in a later version", `cc-${TRACE}-${"0".repeat(16)}-01`],
    ["version ff with later fields", `ff-${TRACE}-${SPAN}-01-x`],
    ["version 00 with a dash after it", `00-${TRACE}-${SPAN}-01-`],
    ["two headers, joined", `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ["two of a later version, joined", `cc-${TRACE}-${SPAN}-01-x,cc-${TRACE}-${SPAN}-01`],
    ["a line end", `00-${TRACE}-${SPAN}-01\n`],
    ["a space that is no OWS", `\u00a000-${TRACE}-${SPAN}-01`],
    ["whitespace inside", `00-${TRACE} -${SPAN}-01`],
    ["later fields after whitespace", `cc-${TRACE}-${SPAN}-01 -x`],
    ["a short later version", `cc-${TRACE}-${SPAN}-1`],
    ["a million spaces and a comma", `${" ".repeat(1e6)},`],
    ["a million spaces behind", `00-${TRACE}-${SPAN}-01${" ".repeat(1e6)}x`],
  ])("refuses %s", (_, header) => {
    expect(parseTraceparent(header)).toBeNull();
  });

  it("reads a later version up to its flags", () => {
    const later = anyText.filter((text) => !text.includes(","));
    const tail = fc.oneof(
      fc.constant(""),
      later.map((text) => `-${text}`),
    );
    fc.assert(
      fc.property(parent, lateVersion, tail, (value, version, laterFields) => {
        const header = formatTraceparent(value).replace("00", version) + laterFields;
        expect(parseTraceparent(header)).toEqual(value);
      }),
    );
  });

  it("never throws, and what it accepts is an id each", () => {
    const nearly = parent.chain((value) => mutationOf(formatTraceparent(value)));
    fc.assert(
      fc.property(fc.oneof(nearly, anyText), (text) => {
        const value = parseTraceparent(text);
        fc.pre(value !== null);
        expect(text).toContain(`-${value.traceId}-${value.parentId}-`);
        expect(formatTraceparent(value)).toHaveLength(55);
      }),
      { numRuns: 500 },
    );
  });
});

describe("formatTraceparent", () => {
  it("is read back", () => {
    fc.assert(
      fc.property(parent, (value) => {
        const header = formatTraceparent(value);
        expect(header).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
        expect(parseTraceparent(header)).toEqual(value);
      }),
    );
  });

  it.each([
    ["0".repeat(32), SPAN],
    [TRACE, "0".repeat(16)],
    [TRACE.slice(1), SPAN],
    [TRACE, `${SPAN}0`],
    [TRACE.toUpperCase(), SPAN],
    [`${TRACE}\n`, SPAN],
  ])("refuses ids that no header has: %s, %s", (trace, span) => {
    const value = { traceId: trace, parentId: span, sampled: true, random: true };
    expect(() => formatTraceparent(value)).toThrow(RangeError);
  });
});
