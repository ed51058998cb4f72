import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InstanceReport } from "#calls/fold-delta.ts";
import { hasDeparted } from "#calls/instance-goodbye.ts";
import { addReport, NO_REPORTS } from "#calls/instance-reports.ts";

const MINUTE_MS = 60_000;

type Told = Partial<InstanceReport>;
const report = (told: Told): InstanceReport => ({
  ...{ epochMs: 1, seq: null, dropped: null, isFinal: false, receivedMs: 0 },
  ...told,
});
const hasLeft = (...sent: Told[]) => hasDeparted(sent.map(report).reduce(addReport, NO_REPORTS));
const at = (minutes: number) => ({ receivedMs: minutes * MINUTE_MS });
const bye = { isFinal: true };

describe("a goodbye by epoch and seq", () => {
  it("stands if nothing of a later place came, whatever the order and the repeats", () => {
    const place = fc.record({ epochMs: fc.integer({ min: 1, max: 7 }), seq: fc.nat(5) });
    const lives = fc.record({
      places: fc.array(place, { minLength: 1 }),
      finals: fc.uniqueArray(fc.integer({ min: 0, max: 41 })),
    });
    fc.assert(
      fc.property(lives, ({ places, finals }) => {
        const numberOf = ({ epochMs, seq }: { epochMs: number; seq: number }) =>
          (epochMs - 1) * 6 + seq;
        const isFinalAt = new Set(finals);
        const sent = places.map((told, minutes) => ({
          ...told,
          ...{ isFinal: isFinalAt.has(numberOf(told)), ...at(minutes) },
        }));
        expect(hasLeft(...sent)).toBe(isFinalAt.has(Math.max(...places.map(numberOf))));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is not taken back by what was sent before it, however late that comes", () => {
    const late = { seq: 1, ...at(600) };
    expect(hasLeft({ seq: 2, ...bye }, late)).toBe(true);
    expect(hasLeft({ seq: 2, ...bye }, { ...late, epochMs: 0 })).toBe(true);
    expect(hasLeft({ seq: 2, ...bye }, { seq: 3, ...at(1) }, late)).toBe(false);
  });

  it("of a life that is over says nothing of the next one", () => {
    const next = { epochMs: 2, seq: 0 };
    expect(hasLeft({ seq: 9 }, next, { seq: 10, ...bye })).toBe(false);
    expect(hasLeft({ seq: 9, ...bye }, next)).toBe(false);
    expect(hasLeft({ seq: 9, ...bye }, { ...next, ...bye })).toBe(true);
  });
});

describe("a goodbye without a place", () => {
  const none = { epochMs: null };

  it("stands until the next report arrives", () => {
    expect(hasLeft({ ...none, ...bye })).toBe(true);
    expect(hasLeft(none, { ...none, ...bye })).toBe(true);
    expect(hasLeft(none, { ...none, ...bye }, none)).toBe(false);
    expect(hasLeft(none, { ...none, ...bye }, none, { ...none, ...bye })).toBe(true);
    expect(hasLeft({ seq: 3 }, bye)).toBe(true);
    expect(hasLeft({ seq: 3 }, bye, { seq: 2 })).toBe(true);
    expect(hasLeft({ seq: 3 }, bye, { seq: 4 })).toBe(false);
    expect(hasLeft({ seq: 3, ...bye }, {})).toBe(false);
  });

  it("is of all that came, where only some of it told an epoch", () => {
    expect(hasLeft({ seq: 3 }, { ...none, ...bye })).toBe(true);
    expect(hasLeft({ seq: 3 }, { ...none, ...bye }, { seq: 4 })).toBe(false);
  });

  it("is not taken back by a lower seq within five minutes; after that it is another life", () => {
    const [told, lower] = [
      { ...none, seq: 17, ...bye },
      { ...none, seq: 0 },
    ];
    expect(hasLeft(told, { ...lower, ...at(4.9) })).toBe(true);
    expect(hasLeft(told, { ...lower, ...at(5) })).toBe(false);
    expect(hasLeft(told, { ...lower, seq: 18, ...at(1) })).toBe(false);
    const again = [told, { ...lower, ...at(5) }, { ...lower, seq: 1, ...bye, ...at(9) }];
    expect(hasLeft(...again)).toBe(true);
    expect(hasLeft(told, { ...none, seq: 18, ...at(1) }, { ...told, ...at(2) })).toBe(false);
  });
});

describe("spans under an instance's name", () => {
  const spans = { epochMs: null, isFinal: null };

  it("do not bring it back for five minutes, in which collectors send what it left", () => {
    expect(hasLeft({ seq: 3, ...bye }, { ...spans, ...at(4.9) })).toBe(true);
    expect(hasLeft({ seq: 3, ...bye }, { ...spans, ...at(5) })).toBe(false);
    expect(hasLeft({ seq: 3, ...bye }, { ...spans, ...at(5) }, { seq: 3, ...bye, ...at(6) })).toBe(
      false,
    );
    expect(hasLeft(spans)).toBe(false);
  });
});
