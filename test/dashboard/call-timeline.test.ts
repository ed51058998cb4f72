import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import type { AnsweredSpan, TraceAnswer } from "#dashboard/call/call-answers.ts";
import { traceRows } from "#dashboard/call/span-tree.ts";
import { barOf, callWindow, ticksOf, traceWindow } from "#dashboard/call/timeline-scale.ts";

function span(id: string, parent: string | null, offsetMs = 0, durationMs = 1): AnsweredSpan {
  return {
    ...{ span_id: id, parent_span_id: parent, name: id, kind: "internal", service: null },
    ...{ started_at: "2026-11-28T16:00:00.000Z", offset_ms: offsetMs, duration_ms: durationMs },
    ...{ status: "unset", attributes: {}, invocation_id: null },
  };
}

const CALL = {
  ...{ id: "call", span_id: "call", started_at: "2026-11-28T16:00:00.100Z", duration_ms: 50 },
} as unknown as CallAnswer;

const NO_STAGE = { span_id: null, started_at: null, duration_ms: null, found_by: null };

function traceOf(spans: readonly AnsweredSpan[], stages: Partial<TraceAnswer> = {}): TraceAnswer {
  const none = { identity: NO_STAGE, policy: NO_STAGE, dispatch: NO_STAGE, audit: [] };
  return { ...none, spans, ...stages } as unknown as TraceAnswer;
}

function shape(spans: readonly AnsweredSpan[]): string[] {
  return traceRows(traceOf(spans), CALL).map(
    ({ span: { span_id: id }, depth }) => `${depth} ${id}`,
  );
}

describe("a trace's rows", () => {
  it("stand below what called them, in the order of their starts", () => {
    const spans = [
      span("a", null),
      span("b", "a"),
      span("c", null),
      span("d", "b"),
      span("e", "a"),
    ];
    expect(shape(spans)).toEqual(["0 a", "1 b", "2 d", "1 e", "0 c"]);
  });

  it("keep a span whose parent is missing, itself, or in a circle", () => {
    const spans = [span("a", "gone"), span("b", "b"), span("c", "d"), span("d", "c")];
    expect(shape(spans)).toEqual(["0 a", "0 b", "0 c", "1 d"]);
  });

  it("lose no span and show none twice, whatever the parents", () => {
    const ids = fc.constantFrom("a", "b", "c", "d", "e", "f");
    const links = fc.array(fc.tuple(ids, fc.option(ids)), { maxLength: 12 });
    fc.assert(
      fc.property(links, (pairs) => {
        const spans = pairs.map(([id, parent]) => span(id, parent));
        const rows = traceRows(traceOf(spans), CALL).map((row) => row.span);
        expect(new Set(rows)).toEqual(new Set(spans));
        expect(rows.length).toBe(spans.length);
      }),
    );
  });

  it("of a chain of 20,000 spans are all there", () => {
    const spans = Array.from({ length: 20_000 }, (_, at) =>
      span(String(at), at === 0 ? null : String(at - 1)),
    );
    const rows = traceRows(traceOf(spans), CALL);
    expect([rows.length, rows.at(-1)?.depth]).toEqual([20_000, 19_999]);
  });

  it("tell the call and its stages", () => {
    const identity = { ...NO_STAGE, span_id: "a" };
    const policy = { ...NO_STAGE, span_id: "call" };
    const trace = traceOf([span("a", null), span("call", "a")], {
      ...{ identity, policy, dispatch: policy },
    } as unknown as Partial<TraceAnswer>);
    const told = traceRows(trace, CALL).map(({ isCall, stages }) => [isCall, stages]);
    expect(told).toEqual([
      [false, ["identity"]],
      [true, ["policy", "dispatch"]],
    ]);
  });
});

describe("the timeline", () => {
  it("is of the call, however long its trace, until all of it is asked for", () => {
    const spans = [span("agent", null, 0, 3_600_000), span("call", "agent", 100, 50)];
    const trace = traceOf(spans);
    const call = callWindow(trace, CALL);
    expect(call).toEqual({ fromMs: 98, toMs: 152 });
    expect(traceWindow(spans, call).toMs).toBeGreaterThan(3_600_000);
    expect(barOf(0, 3_600_000, call)).toMatchObject({
      ...{ start: 0, width: 1, isCutBefore: true, isCutAfter: true, isOutside: false },
    });
  });

  it("has every bar within it", () => {
    const time = fc.double({ min: -1e7, max: 1e7, noNaN: true });
    const length = fc.double({ min: 0, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(time, length, time, length, (from, lasts, windowFrom, windowLasts) => {
        const window = { fromMs: windowFrom, toMs: windowFrom + windowLasts + 1 };
        const { start, width } = barOf(from, lasts, window);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(width).toBeGreaterThanOrEqual(0);
        expect(start + width).toBeLessThanOrEqual(1.000001);
      }),
    );
  });

  it("is marked at four to nine round times", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.02, max: 1e8, noNaN: true }), (lengthMs) => {
        const ticks = ticksOf({ fromMs: 0, toMs: lengthMs });
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(9);
        expect(ticks.every((at) => at >= 0 && at <= lengthMs)).toBe(true);
      }),
    );
  });
});
