import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";
import { parseOtMember, SAMPLING_RANGE } from "#formats/trace-context/ot-member.ts";
import {
  decideSampling,
  decideSamplingByParent,
  randomnessOf,
  thresholdOf,
} from "#formats/trace-context/probability-sampling.ts";
import type { TraceContext } from "#formats/trace-context/trace-context.ts";
import { memberOf, parseTracestate } from "#formats/trace-context/tracestate.ts";
import { context, shortMembers, traceId } from "./arbitraries.ts";

const ALL = 0n;
/** Random enough, and the same in every run. */
const TRACE_IDS = Array.from({ length: 20_000 }, (_, index) =>
  encodeHex(sha256(new TextEncoder().encode(`trace ${index}`)).subarray(0, 16)),
);
const TRACE = "0af7651916cd43dd8448eb211c80319c";

/** The example of "Explicit randomness": R is 43.1 % of the range, so 56.9 % samples it. */
const RV = "6e6d1a75832a2f";

const probability = fc.oneof(
  fc.double({ min: 2 ** -56, max: 1, noNaN: true }),
  fc.constantFrom(1, 0.5, 0.1, 1 / 3, 1e-6, 2 ** -56),
  fc.integer({ min: 0, max: 56 }).map((exponent) => 2 ** -exponent),
);
const threshold = probability.map((p) => thresholdOf(p)!);

const randomHex14 = fc
  .bigInt({ min: 0n, max: SAMPLING_RANGE - 1n })
  .map((bits) => bits.toString(16).padStart(14, "0"));
const otValue = fc
  .record({
    th: fc.option(fc.oneof(fc.constantFrom("0", "8", "e666", "zz"), randomHex14)),
    rv: fc.option(fc.oneof(randomHex14, fc.constant("1234"))),
    others: fc.constantFrom("", "p:8", "p:8;r:62", `k:${"x".repeat(200)}`),
  })
  .map(({ th, rv, others }) => {
    const known = [th === null ? "" : `th:${th}`, rv === null ? "" : `rv:${rv}`];
    return [...known, others].filter((text) => text !== "").join(";");
  });

/** Contexts as strangers send them, with an `ot` of any kind between other members. */
const foreign: fc.Arbitrary<TraceContext> = fc
  .tuple(context, shortMembers, fc.option(fc.oneof(otValue, fc.constantFrom(";", "th:8;", "?"))))
  .map(([base, left, ot]) => {
    const members = [...left, ...base.tracestate].filter(({ key }) => key !== "ot");
    const unique = parseTracestate(members.map(({ key, value }) => `${key}=${value}`).join(","))!;
    if (ot !== null && ot !== "") unique.splice(left.length, 0, { key: "ot", value: ot });
    return { ...base, tracestate: unique };
  });

const otOf = ({ tracestate }: Pick<TraceContext, "tracestate">) =>
  parseOtMember(memberOf(tracestate, "ot") ?? "");
const thOf = (trace: Pick<TraceContext, "tracestate">) => otOf(trace)?.threshold ?? null;
const textOf = ({ tracestate }: Pick<TraceContext, "tracestate">) =>
  tracestate.map(({ key, value }) => `${key}=${value}`).join(",");

function traceOf(tracestate: string, sampled = true, id = TRACE): TraceContext {
  const members = parseTracestate(tracestate)!;
  return { traceId: id, spanId: "b7ad6b7169203331", sampled, random: true, tracestate: members };
}

/** "Converting threshold to an adjusted count": a span without one stands for no other. */
function adjustedCount(th: bigint | null): number {
  return th === null ? 0 : Number(SAMPLING_RANGE) / Number(SAMPLING_RANGE - th);
}

/** To as many digits as the text has, half up: "Converting floating-point probability". */
function roundedTo(bits: bigint, digits: number): string {
  const dropped = BigInt(4 * (14 - digits));
  const rounded = (bits + ((1n << dropped) >> 1n)) >> dropped;
  return rounded.toString(16).padStart(digits, "0");
}

describe("thresholdOf", () => {
  it.each([
    [1, 0n],
    [0.5, 0x80000000000000n],
    [0.25, 0xc0000000000000n],
    [0.1, 0xe6666666666666n],
    [0.2, 0xccccccccccccccn],
    [1 / 3, 0xaaaaaaaaaaaaacn],
    [2 / 3, 0x55555555555558n],
    [0.9, 0x19999999999998n],
    [1 - 2 ** -52, 0x10n],
    [2 ** -48, 0xffffffffffff00n],
    [3 * 2 ** -56, 0xfffffffffffffdn],
    [2 ** -56, 0xffffffffffffffn],
  ])("of %d", (p, expected) => {
    expect(thresholdOf(p)).toBe(expected);
  });

  /** The table of the specification, where it gives 3, 4 and 5 digits beyond the leading f. */
  it.each([
    [2, "8 8 8"],
    [3, "aab aaab aaaab"],
    [4, "c c c"],
    [5, "ccd cccd ccccd"],
    [8, "e e e"],
    [10, "e66 e666 e6666"],
    [16, "f f f"],
    [100, "fd71 fd70a fd70a4"],
    [1_000, "ffbe7 ffbe77 ffbe76d"],
    [10_000, "fff972 fff9724 fff97247"],
    [100_000, "ffff584 ffff583a ffff583a5"],
    [1_000_000, "ffffef4 ffffef39 ffffef391"],
  ])("of one in %d is that of the specification, rounded", (n, texts) => {
    for (const text of texts.split(" ")) {
      expect(roundedTo(thresholdOf(1 / n)!, text.length)).toBe(text);
    }
  });

  it("is never for 0 and for what 56 bits cannot say", () => {
    for (const p of [0, -0, Number.MIN_VALUE, 2 ** -57]) expect(thresholdOf(p)).toBeNull();
  });

  it("refuses what is no probability", () => {
    for (const p of [-0.1, 1.1, 100, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => thresholdOf(p)).toThrow(RangeError);
    }
  });

  it("falls as the probability rises, and is as near as a double can be", () => {
    fc.assert(
      fc.property(probability, probability, (p, q) => {
        const [lesser, greater] = p < q ? [p, q] : [q, p];
        expect(thresholdOf(lesser)! >= thresholdOf(greater)!).toBe(true);
        const kept = SAMPLING_RANGE - thresholdOf(p)!;
        expect(Math.abs(Number(kept) - p * 2 ** 56)).toBeLessThanOrEqual(0.5);
      }),
    );
  });
});

describe("randomnessOf", () => {
  it.each([
    ["the last 56 bits of the trace id", "", 0xdd8448eb211c80319cn & (SAMPLING_RANGE - 1n)],
    ["rv before them", `ot=rv:${RV}`, 0x6e6d1a75832a2fn],
    ["not an rv of 13 digits", "ot=rv:e6d1a75832a2f", 0x8448eb211c80319cn & (SAMPLING_RANGE - 1n)],
    ["not an rv of another member", `foo=rv:${RV}`, 0x48eb211c80319cn],
    ["not an rv in a malformed member", `ot=rv:${RV};`, 0x48eb211c80319cn],
  ])("is %s", (_, tracestate, expected) => {
    expect(randomnessOf(traceOf(tracestate))).toBe(expected);
  });
});

describe("decideSampling", () => {
  it.each([
    ["a root at 1", "", 1, true, "ot=th:0"],
    ["a root at 1/2, with R under it", "", 0.5, false, ""],
    [
      "a root at 0.1 in the upper tenth",
      "ot=rv:e6666666666666",
      0.1,
      true,
      "ot=th:e6666666666666;rv:e6666666666666",
    ],
    ["one below it", "ot=rv:e6666666666665", 0.1, false, "ot=rv:e6666666666665"],
    ["the example at 57 %", `ot=rv:${RV}`, 0.57, true, `ot=th:6e147ae147ae18;rv:${RV}`],
    ["the example at 56 %", `ot=rv:${RV}`, 0.56, false, `ot=rv:${RV}`],
    ["never", "ot=rv:ffffffffffffff", 0, false, "ot=rv:ffffffffffffff"],
    ["a stranger's th, which is replaced", "rojo=1,ot=p:8;th:c", 1, true, "ot=th:0;p:8,rojo=1"],
    ["a stranger's th, which is erased", "rojo=1,ot=th:c", 0.5, false, "rojo=1"],
    ["the same th, which stays where it is", "rojo=1,ot=th:0", 1, true, "rojo=1,ot=th:0"],
    ["a malformed member, which is replaced", "rojo=1,ot=th:8;", 1, true, "ot=th:0,rojo=1"],
    ["a malformed member, which is erased", "rojo=1,ot=th:8;", 0.5, false, "rojo=1"],
  ])("decides %s", (_, tracestate, p, sampled, expected) => {
    const decision = decideSampling(traceOf(tracestate), thresholdOf(p));
    expect(decision.sampled).toBe(sampled);
    expect(textOf(decision)).toBe(expected);
  });

  it("leaves th out where other sub-keys leave it no room", () => {
    const others = `k:${"x".repeat(250)}`;
    const decision = decideSampling(traceOf(`ot=${others}`), ALL);
    expect(decision.sampled).toBe(true);
    expect(textOf(decision)).toBe(`ot=${others}`);
  });

  it("asks neither the flag nor the threshold of a stranger", () => {
    fc.assert(
      fc.property(foreign, otValue, threshold, (trace, ot, ours) => {
        const rv = otOf(trace)?.randomness ?? null;
        const kept = ot.split(";").filter((text) => !text.startsWith("rv:"));
        const own = rv === null ? [] : [`rv:${rv.toString(16).padStart(14, "0")}`];
        const value = [...kept, ...own].filter((text) => text !== "").join(";") || "p:8";
        const rest = trace.tracestate.filter(({ key }) => key !== "ot");
        const other = {
          ...trace,
          sampled: !trace.sampled,
          tracestate: [{ key: "ot", value }, ...rest],
        };
        expect(decideSampling(other, ours).sampled).toBe(decideSampling(trace, ours).sampled);
      }),
    );
  });

  it("samples at the greater probability all that it samples at the lesser", () => {
    fc.assert(
      fc.property(foreign, probability, probability, (trace, p, q) => {
        const lesser = decideSampling(trace, thresholdOf(Math.min(p, q)));
        const greater = decideSampling(trace, thresholdOf(Math.max(p, q)));
        expect(greater.sampled || !lesser.sampled).toBe(true);
      }),
    );
  });

  it.each([0.001, 0.01, 0.1, 1 / 3, 0.5, 0.9])("samples %d of the traces", (p) => {
    const ours = thresholdOf(p);
    const sampled = TRACE_IDS.filter((id) => decideSampling(traceOf("", true, id), ours).sampled);
    const deviation = Math.sqrt(TRACE_IDS.length * p * (1 - p));
    expect(Math.abs(sampled.length - TRACE_IDS.length * p)).toBeLessThan(4 * deviation);
  });
});

describe("decideSamplingByParent", () => {
  it.each([
    ["sampled, and no limit", `ot=th:4;rv:${RV}`, true, ALL, true, `ot=th:4;rv:${RV}`],
    ["sampled, no threshold", "", true, ALL, true, ""],
    [
      "sampled, no threshold, and a limit that lets it through",
      `ot=rv:${RV}`,
      true,
      2n ** 54n,
      true,
      `ot=rv:${RV}`,
    ],
    [
      "sampled at 3/4, and a stricter limit that lets it through",
      `ot=th:4;rv:${RV}`,
      true,
      0x6n << 52n,
      true,
      `ot=th:6;rv:${RV}`,
    ],
    [
      "sampled at 3/4, and one that does not",
      `ot=th:4;rv:${RV}`,
      true,
      2n ** 55n,
      false,
      `ot=rv:${RV}`,
    ],
    [
      "sampled at 3/4, and a laxer limit",
      `ot=th:4;rv:${RV}`,
      true,
      2n ** 52n,
      true,
      `ot=th:4;rv:${RV}`,
    ],
    [
      "sampled, and a limit that it just reaches",
      `ot=th:4;rv:${RV}`,
      true,
      0x6e6d1a75832a2fn,
      true,
      `ot=th:${RV};rv:${RV}`,
    ],
    ["sampled, and never ours", `ot=th:4;rv:${RV}`, true, null, false, `ot=rv:${RV}`],
    [
      "sampled, in contradiction to its threshold",
      `ot=th:8;rv:${RV}`,
      true,
      ALL,
      true,
      `ot=rv:${RV}`,
    ],
    ["unsampled", `ot=rv:${RV}`, false, ALL, false, `ot=rv:${RV}`],
    [
      "unsampled, in agreement with its threshold",
      `ot=th:8;rv:${RV}`,
      false,
      ALL,
      false,
      `ot=rv:${RV}`,
    ],
    ["unsampled, in contradiction to it", `ot=th:0;rv:${RV}`, false, ALL, false, `ot=rv:${RV}`],
    ["sampled, with a malformed member", "ot=th:8;,rojo=1", true, ALL, true, "rojo=1"],
  ])("decides %s", (_, tracestate, parentSampled, limit, sampled, expected) => {
    const decision = decideSamplingByParent(traceOf(tracestate, parentSampled), limit);
    expect(decision.sampled).toBe(sampled);
    expect(textOf(decision)).toBe(expected);
  });

  it("is the parent's decision without a limit", () => {
    fc.assert(
      fc.property(foreign, (parent) => {
        expect(decideSamplingByParent(parent, ALL).sampled).toBe(parent.sampled);
      }),
    );
  });

  it("never samples again, nor lowers the threshold, from hop to hop", () => {
    fc.assert(
      fc.property(
        foreign,
        threshold,
        fc.array(threshold, { maxLength: 5 }),
        (root, first, hops) => {
          let parent: TraceContext = { ...root, ...decideSampling(root, first) };
          for (const limit of hops) {
            const child: TraceContext = { ...parent, ...decideSamplingByParent(parent, limit) };
            expect(parent.sampled || !child.sampled).toBe(true);
            expect((thOf(child) ?? SAMPLING_RANGE) >= (thOf(parent) ?? 0n)).toBe(true);
            parent = child;
          }
          expect(parent.sampled).toBe([first, ...hops].every((t) => randomnessOf(root) >= t));
        },
      ),
    );
  });

  it("counts right: the samples stand for all requests, after one hop and after two", () => {
    const roots = TRACE_IDS.map((id) => {
      const root = traceOf("", false, id);
      return { ...root, ...decideSampling(root, thresholdOf(0.5)) };
    });
    const children = roots.map((root) => decideSamplingByParent(root, thresholdOf(0.1)));
    for (const [spans, p] of [
      [roots, 0.5],
      [children, 0.1],
    ] as const) {
      const counts = spans.map((span) => adjustedCount(thOf(span)));
      const total = counts.reduce((sum, each) => sum + each, 0);
      const deviation = Math.sqrt((TRACE_IDS.length * (1 - p)) / p);
      expect(Math.abs(total - TRACE_IDS.length)).toBeLessThan(4 * deviation);
    }
  });
});

describe("both decisions", () => {
  it("say a threshold only of what is sampled by it, and keep all that is not theirs", () => {
    fc.assert(
      fc.property(foreign, threshold, fc.boolean(), (trace, ours, byParent) => {
        const decide = byParent ? decideSamplingByParent : decideSampling;
        const decision = decide(trace, ours);
        const th = thOf(decision);
        expect(th === null || (decision.sampled && randomnessOf(trace) >= th)).toBe(true);
        expect(randomnessOf({ ...trace, ...decision })).toBe(randomnessOf(trace));
        expect(otOf(decision)?.others ?? []).toEqual(otOf(trace)?.others ?? []);
        const rest = (of: Pick<TraceContext, "tracestate">) =>
          of.tracestate.filter(({ key }) => key !== "ot");
        expect(rest(decision)).toEqual(rest(trace));
        expect(decide({ ...trace, ...decision }, ours)).toEqual(decision);
      }),
      { numRuns: 500 },
    );
  });

  it("agree on a trace that both sample by the same threshold", () => {
    fc.assert(
      fc.property(traceId, threshold, (id, ours) => {
        const decision = decideSampling(traceOf("", false, id), ours);
        const child = decideSamplingByParent({ ...traceOf("", true, id), ...decision }, ours);
        expect(child).toEqual(decision);
      }),
    );
  });
});
