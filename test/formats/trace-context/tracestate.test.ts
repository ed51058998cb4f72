import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatTracestate,
  memberOf,
  parseTracestate,
  TRACESTATE_LENGTH_MAX,
  TRACESTATE_MEMBERS_MAX,
  type TracestateMember,
  withMember,
  withoutMember,
} from "#formats/trace-context/tracestate.ts";
import { mutationOf } from "../tlog/mutation.ts";
import { anyText, member, members, shortMembers } from "./arbitraries.ts";

const textOf = ({ key, value }: TracestateMember) => `${key}=${value}`;
const joined = (list: readonly TracestateMember[]) => list.map(textOf).join(",");
const ows = fc.string({ unit: fc.constantFrom(" ", "\t"), maxLength: 3 });

describe("parseTracestate", () => {
  it("reads members through whitespace and empty ones", () => {
    fc.assert(
      fc.property(members, fc.array(ows, { maxLength: 9 }), ows, (list, empty, space) => {
        const texts = [...list.map((each) => space + textOf(each) + space), ...empty];
        expect(parseTracestate(texts.join(","))).toEqual(list);
        expect(parseTracestate(texts.reverse().join(","))).toEqual([...list].reverse());
      }),
    );
  });

  it("keeps the spaces that lead a value, not those that trail", () => {
    expect(parseTracestate("foo=  a b  ,bar=1")).toEqual([
      { key: "foo", value: "  a b" },
      { key: "bar", value: "1" },
    ]);
  });

  it("keeps the leftmost of members with one key, where it stands", () => {
    expect(parseTracestate("a=1,b=2,a=3,b=4,c=5")).toEqual([
      { key: "a", value: "1" },
      { key: "b", value: "2" },
      { key: "c", value: "5" },
    ]);
  });

  it("has no members without a header or with an empty one", () => {
    for (const header of [null, "", " \t", ",", " , ,\t", ",".repeat(10_000)]) {
      expect(parseTracestate(header)).toEqual([]);
    }
  });

  it.each([
    ["no equals sign", "foo"],
    ["no key", "=1"],
    ["a value of blanks", "foo=  "],
    ["a tab in a value", "foo=a\tb"],
    ["a control character", "foo=a\u007f"],
    ["a letter beyond ASCII", "foo=é"],
    ["a space that is no OWS", "\u00a0foo=1"],
    ["a value of 257", `foo=${"a".repeat(257)}`],
    ["a bad member behind good ones", "foo=1,bar=2,BAZ=3"],
    ["33 members, though one is a duplicate", `${"a=1,".repeat(32)}a=1`],
    ["more than any valid one has", `foo=1${" ".repeat(32_768)}`],
    ["a million spaces", `foo=1${" ".repeat(1e6)}x`],
  ])("refuses %s", (_, header) => {
    expect(parseTracestate(header)).toBeNull();
  });

  it("accepts the longest that the grammar has", () => {
    const list = Array.from({ length: 32 }, (_, index) => ({
      key: `${String(index).padStart(2, "0")}${"k".repeat(254)}`,
      value: "v".repeat(256),
    }));
    expect(parseTracestate(joined(list))).toEqual(list);
  });

  it("never throws, and what it accepts is within bounds", () => {
    const nearly = shortMembers.chain((list) => mutationOf(joined(list)));
    fc.assert(
      fc.property(fc.oneof(nearly, anyText), (text) => {
        const list = parseTracestate(text);
        fc.pre(list !== null);
        expect(list.length).toBeLessThanOrEqual(TRACESTATE_MEMBERS_MAX);
        expect(parseTracestate(joined(list))).toEqual(list);
        for (const each of list) expect(withMember([], each.key, each.value)).toEqual([each]);
      }),
      { numRuns: 500 },
    );
  });
});

describe("formatTracestate", () => {
  it("is what was sent, if that is short enough", () => {
    fc.assert(
      fc.property(shortMembers, (list) => {
        expect(joined(list).length).toBeLessThanOrEqual(TRACESTATE_LENGTH_MAX);
        expect(formatTracestate(list)).toBe(joined(list));
      }),
    );
  });

  it("is short enough, of whole members, and drops no more than it must", () => {
    fc.assert(
      fc.property(members, (list) => {
        const header = formatTracestate(list);
        expect(header.length).toBeLessThanOrEqual(TRACESTATE_LENGTH_MAX);
        const kept = parseTracestate(header)!;
        expect(kept).toEqual(list.filter((each) => memberOf(kept, each.key) === each.value));
        expect(kept).toEqual(keptByTheRule(list));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["members of more than 128 first", [128, 129, 128, 128], [0, 2, 3]],
    ["then from the end", [128, 128, 128, 128], [0, 1, 2]],
    ["of the large ones, those at the end", [200, 200, 200], [0, 1]],
    ["all, if there is one and it is too long", [513], []],
    ["none at 512", [512], [0]],
    ["one, where its comma is what makes it 512", [128, 128, 128, 125, 10], [0, 1, 2, 3]],
  ])("drops %s", (_, lengths, keptIndexes) => {
    const list = lengths.map((length, index) => {
      const key = `k${index}`.padEnd(Math.min(256, length - 2), "k");
      return { key, value: "v".repeat(length - key.length - 1) };
    });
    expect(parseTracestate(formatTracestate(list))).toEqual(keptIndexes.map((at) => list[at]));
  });

  it("sends nothing of nothing", () => {
    expect(formatTracestate([])).toBe("");
  });
});

describe("withMember", () => {
  it("comes to the left, once, and leaves the others in order", () => {
    fc.assert(
      fc.property(members, member, fc.nat(), (list, each, at) => {
        const key = list.length > 0 && at % 2 === 0 ? list[at % list.length]!.key : each.key;
        const written = withMember(list, key, each.value);
        const others = list.filter((other) => other.key !== key);
        expect(written[0]).toEqual({ key, value: each.value });
        expect(written.slice(1)).toEqual(others.slice(0, TRACESTATE_MEMBERS_MAX - 1));
        expect(memberOf(written, key)).toBe(each.value);
        expect(withoutMember(written, key)).toEqual(written.slice(1));
        expect(memberOf(withoutMember(written, key), key)).toBeNull();
      }),
    );
  });

  it("drops the rightmost for a 33rd", () => {
    const full = Array.from({ length: 32 }, (_, index) => ({ key: `k${index}`, value: "1" }));
    const written = withMember(full, "new", "1");
    expect(written.map(({ key }) => key)).toEqual(["new", ...full.slice(0, 31).map((m) => m.key)]);
    expect(withMember(full, "k31", "2")).toHaveLength(32);
  });

  it.each([
    ["", "1"],
    ["Foo", "1"],
    ["foo bar", "1"],
    ["@foo", "1"],
    ["k".repeat(257), "1"],
    ["foo", ""],
    ["foo", "a,b"],
    ["foo", "a=b"],
    ["foo", "a "],
    ["foo", "a\n"],
    ["foo", "v".repeat(257)],
  ])("refuses what no header can say: %s=%s", (key, value) => {
    expect(() => withMember([], key, value)).toThrow(RangeError);
  });
});

/** §3.3.3.1 word for word: one member less until it fits. */
function keptByTheRule(list: readonly TracestateMember[]): TracestateMember[] {
  const kept = [...list];
  while (joined(kept).length > TRACESTATE_LENGTH_MAX) {
    const lastLarge = kept.findLastIndex((each) => textOf(each).length > 128);
    kept.splice(lastLarge < 0 ? kept.length - 1 : lastLarge, 1);
  }
  return kept;
}
