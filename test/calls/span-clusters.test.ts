import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countAmongKnown, countOfRequest } from "#calls/pairing/count-once.ts";
import { spanClusters } from "#calls/pairing/span-clusters.ts";
import type { CallSide, Standing, TracedSpan } from "#calls/traced-spans.ts";
import { atOnce, nextTurn, withTurns } from "#platform/slices.ts";

/** Few names, so that spans have much in common. */
const traceId = fc.constantFrom(..."abcdefgh").map((letter) => letter.repeat(32));
const spanId = fc.nat({ max: 40 }).map((id) => id.toString(16).padStart(16, "0"));
const told = fc.record({
  side: fc.constantFrom<CallSide>("server", "client", "internal"),
  tool: fc.constantFrom("read", "write"),
  startMs: fc.nat({ max: 500 }),
  endMs: fc.integer({ min: 500, max: 1_000 }),
  exchange: fc.option(
    fc.nat({ max: 5 }).map((id) => `session\n${id}`),
    { freq: 2 },
  ),
  failure: fc.constant(null),
  standing: fc.constantFrom<Standing>("undecided", "undecided", "known", "counted"),
});
const span: fc.Arbitrary<TracedSpan> = fc.record({
  traceId,
  spanId,
  parentSpanId: fc.option(spanId),
  links: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    fc.array(fc.record({ traceId, spanId })),
  ),
  told: fc.option(told),
});
const spans = fc.array(span, { maxLength: 40 });

describe("Clusters of spans", () => {
  it.each([
    ["one request tells", countOfRequest],
    ["is known", (all: readonly TracedSpan[]) => atOnce(countAmongKnown(all))],
  ] as const)("decided each by itself say what all of them do together, by what %s", (_, count) => {
    fc.assert(
      fc.property(spans, (all) => {
        const together = count(all);
        const apart = spanClusters(all).map(count);
        const countedApart = apart.flatMap(({ counted }) => [...counted]);
        expect(new Set(countedApart)).toEqual(together.counted);
        expect(new Map(apart.flatMap(({ settled }) => [...settled]))).toEqual(together.settled);
        expect(apart.reduce((total, { late }) => total + late, 0)).toBe(together.late);
      }),
      { numRuns: 2_000 },
    );
  });

  it("that are decided in turns, several of them at once, are decided as they would be in one go", async () => {
    const many = fc.array(span, { minLength: 1_001, maxLength: 1_300 });
    const property = fc.asyncProperty(many, many, async (one, other) => {
      const [ofOne, ofOther] = await Promise.all(
        [one, other].map((all) => withTurns(countAmongKnown(all))),
      );
      expect(ofOne).toEqual(atOnce(countAmongKnown(one)));
      expect(ofOther).toEqual(atOnce(countAmongKnown(other)));
    });
    await fc.assert(property, { numRuns: 10 });
  });

  it("of tens of thousands leave others their turn while they are decided", async () => {
    const told = { side: "server", tool: "read", exchange: null, failure: null } as const;
    const times = { startMs: 0, endMs: 1, standing: "undecided" } as const;
    const all = Array.from({ length: 20_000 }, (_, at) => ({
      ...{ traceId: "a".repeat(32), spanId: `${at}`, parentSpanId: null, links: [] },
      told: { ...told, ...times },
    }));
    let [turns, isDecided] = [0, false];
    const deciding = withTurns(countAmongKnown(all)).finally(() => {
      isDecided = true;
    });
    for (; !isDecided; turns += 1) await nextTurn();
    expect((await deciding).counted.size).toBe(20_000);
    expect(turns).toBeGreaterThan(50);
  });

  it("have each span once, those without anything in common apart", () => {
    fc.assert(
      fc.property(spans, (all) => {
        const clusters = spanClusters(all);
        expect(new Set(clusters.flat())).toEqual(new Set(all));
        const namesOf = (cluster: TracedSpan[]) =>
          new Set(
            cluster.flatMap(({ traceId: own, links, told: call }) => [
              own,
              ...links.map((link) => link.traceId),
              ...(call?.exchange ? [call.exchange] : []),
            ]),
          );
        const names = clusters.map(namesOf);
        for (const [at, some] of names.entries()) {
          for (const others of names.slice(at + 1)) {
            expect([...some].filter((name) => others.has(name))).toEqual([]);
          }
        }
      }),
    );
  });
});
