import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countAmongKnown, countCallers, countOfRequest } from "#calls/pairing/count-once.ts";
import type { CallFailure, CallSide, Standing, ToldCall, TracedSpan } from "#calls/traced-spans.ts";
import { atOnce } from "#platform/slices.ts";

/** A span as it was made: what the truth is made of. */
interface MadeSpan {
  span: TracedSpan;
  /** Which call it tells of. */
  call: number | null;
}

/** What a call is made of, from its caller down. */
interface Shape {
  steps: number;
  clients: number;
  between: number;
  servers: number;
  passedOn: number;
  failedAt: number;
  isLinked: boolean;
}

const FAILURE: CallFailure = {
  outcome: "server_error",
  errorCode: "tool_error",
  errorHash: null,
  errorFingerprint: null,
};

const shape: fc.Arbitrary<Shape> = fc.record({
  steps: fc.nat({ max: 1 }),
  clients: fc.nat({ max: 2 }),
  between: fc.nat({ max: 3 }),
  servers: fc.nat({ max: 2 }),
  passedOn: fc.nat({ max: 1 }),
  failedAt: fc.nat({ max: 9 }),
  isLinked: fc.boolean(),
});

const hexOf = (number: number, digits: number) => number.toString(16).padStart(digits, "0");

/** A session of several calls in one trace, each of a tool of its own. */
function sessionOf(shapes: readonly Shape[], trace: number): MadeSpan[] {
  return shapes.flatMap((one, index) => callOf(one, trace, index));
}

function callOf(one: Shape, trace: number, index: number): MadeSpan[] {
  const call = trace * 100 + index;
  const sides = sidesOf(one);
  const made: MadeSpan[] = [];
  for (const [depth, side] of sides.entries()) {
    const above = made.at(-1)?.span ?? null;
    const isEntry = side === "server" && sides[depth - 1] !== "server" && one.between === 0;
    const ids = { traceId: hexOf(trace + 1, 32), spanId: hexOf(call * 100 + depth + 1, 16) };
    const tool = `${"p_".repeat(sides.length - depth)}tool${index}`;
    const span = { ...ids, ...edgesTo(above, isEntry && one.isLinked), told: null };
    if (side === null) made.push({ span, call: null });
    else made.push({ span: { ...span, told: told(side, tool, depth, one) }, call });
  }
  return made;
}

function edgesTo(above: TracedSpan | null, isLinked: boolean) {
  if (above === null) return { parentSpanId: null, links: [] };
  const { traceId, spanId } = above;
  if (isLinked) return { parentSpanId: null, links: [{ traceId, spanId }] };
  return { parentSpanId: spanId, links: [] };
}

/** Null for HTTP's, and none where nothing else is there. */
function sidesOf({ steps, clients, between, servers, passedOn }: Shape): (CallSide | null)[] {
  if (steps + clients + servers === 0) return [];
  return [
    ...Array<CallSide>(steps).fill("internal"),
    ...Array<CallSide>(clients).fill("client"),
    ...Array<null>(between).fill(null),
    ...Array<CallSide>(servers).fill("server"),
    ...(servers > 0 ? Array<CallSide>(passedOn).fill("client") : []),
  ];
}

function told(side: CallSide, tool: string, depth: number, { failedAt }: Shape): ToldCall {
  const failure = failedAt === depth ? FAILURE : null;
  const times = { startMs: 1_000 + depth, endMs: 2_000 - depth };
  return { side, tool, ...times, exchange: null, failure, standing: "undecided" };
}

/** What a shard keeps: samples, links in the order of commits, rows that wait. */
class Shard {
  readonly counted = new Map<string, ToldCall>();
  readonly #links: TracedSpan[][] = [];
  #waiting: TracedSpan[] = [];
  late = 0;

  ingest(spans: readonly TracedSpan[]): void {
    const { counted, settled } = countOfRequest(spans);
    const known = spans.map((span) => (counted.has(span) ? span : as(span, "known")));
    const first = atOnce(countAmongKnown([...this.#samples(), ...this.#links.flat(), ...known]));
    this.late += first.late;
    for (const span of first.counted) this.#count(span, null);
    const callers = spans.filter((span) => isCaller(span) && !settled.has(span));
    this.#links.push(spans.map((span) => as(span, "known")));
    this.#waiting.push(...callers);
  }

  /** Settles what came with the first `requests` of those that wait. */
  settle(share: number): void {
    const due = this.#waiting.slice(0, Math.ceil(this.#waiting.length * share));
    this.#waiting = this.#waiting.slice(due.length);
    const all = [...this.#samples(), ...this.#links.flat(), ...due];
    for (const [span, failure] of atOnce(countCallers(all)).counted) this.#count(span, failure);
  }

  #samples(): TracedSpan[] {
    return [...this.counted].map(([key, call]) => {
      const [traceId = "", spanId = "", parentSpanId = ""] = key.split("/");
      const edges = { traceId, spanId, parentSpanId: parentSpanId || null, links: [] };
      return { ...edges, told: { ...call, standing: "counted" as const } };
    });
  }

  #count(span: TracedSpan, failure: CallFailure | null): void {
    const key = `${span.traceId}/${span.spanId}/${span.parentSpanId ?? ""}`;
    if (span.told === null || this.counted.has(key)) throw new Error(`counted twice: ${key}`);
    this.counted.set(key, { ...span.told, failure: span.told.failure ?? failure });
  }
}

const isCaller = ({ told: call }: TracedSpan) => call !== null && call.side !== "server";

function as(span: TracedSpan, standing: Standing): TracedSpan {
  return span.told === null ? span : { ...span, told: { ...span.told, standing } };
}

const sessions = fc.array(fc.array(shape, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 3,
});

/** Spans as collectors send them: cut anywhere, in any order, some twice. */
function requestsOf(made: readonly MadeSpan[], order: readonly number[], cuts: readonly number[]) {
  const shuffled = made
    .map((one, index) => ({
      one,
      rank: order[index % order.length]! * 31 + ((index * order.length) % 17),
    }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ one }) => one.span);
  const doubled = shuffled.flatMap((span, index) =>
    index % 5 === cuts[0]! % 5 ? [span, span] : [span],
  );
  const requests: TracedSpan[][] = [];
  for (let at = 0, cut = 0; at < doubled.length; cut += 1) {
    const size = cuts[cut % cuts.length]!;
    requests.push(doubled.slice(at, at + size));
    at += size;
  }
  return requests;
}

interface Truth {
  hasServer: boolean;
  hasFailed: boolean;
}

function truthOf(made: readonly MadeSpan[]): Map<number, Truth> {
  const truth = new Map<number, Truth>();
  for (const [call, spans] of Map.groupBy(made, (one) => one.call)) {
    if (call === null) continue;
    const all = spans.flatMap(({ span }) => span.told ?? []);
    const servers = all.filter(({ side }) => side === "server");
    const telling = servers.length > 0 ? servers : all;
    truth.set(call, {
      hasServer: servers.length > 0,
      hasFailed: telling.some(({ failure }) => failure !== null),
    });
  }
  return truth;
}

const scenario = {
  sessions,
  order: fc.array(fc.nat({ max: 1_000 }), { minLength: 3, maxLength: 40 }),
  cuts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
};

describe("calls whose spans come cut, in any order and twice", () => {
  it("are each counted once, under their server's, with its failure, or a caller's", () => {
    const property = fc.property(fc.record(scenario), ({ sessions: given, order, cuts }) => {
      const made = given.flatMap((shapes, trace) => sessionOf(shapes, trace));
      const shard = new Shard();
      for (const request of requestsOf(made, order, cuts)) shard.ingest(request);
      shard.settle(1);
      const counted = [...shard.counted].map(([key, call]) => {
        const id = key.split("/")[1];
        return { call, of: made.find(({ span }) => span.spanId === id)?.call };
      });
      const truth = truthOf(made);
      expect(counted.map(({ of }) => of).sort()).toEqual([...truth.keys()].sort());
      for (const { call, of } of counted) {
        const { hasServer, hasFailed } = truth.get(of!)!;
        expect(call.side === "server").toBe(hasServer);
        // Of several servers the first that came says how it ended.
        if (!hasServer) expect(call.failure !== null).toBe(hasFailed);
      }
      expect(shard.late).toBe(0);
    });
    fc.assert(property, { numRuns: 400 });
  });

  it("are each counted once though servers' come as late as they like", () => {
    const settles = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: 1,
      maxLength: 5,
    });
    const whole = fc.record({ ...scenario, settles });
    const property = fc.property(whole, ({ sessions: given, order, cuts, settles: shares }) => {
      const alone = given.map((shapes) => shapes.map((one) => ({ ...one, passedOn: 0 })));
      const made = alone.flatMap((shapes, trace) => sessionOf(shapes, trace));
      const isServers = ({ span }: MadeSpan) => span.told?.side === "server";
      const early = made.filter((one) => !isServers(one));
      const shard = new Shard();
      for (const request of requestsOf(early, order, cuts)) shard.ingest(request);
      for (const [index, request] of requestsOf(made.filter(isServers), order, cuts).entries()) {
        shard.settle(shares[index % shares.length]!);
        shard.ingest(request);
      }
      shard.settle(1);
      const of = [...shard.counted.keys()].map(
        (key) => made.find(({ span }) => span.spanId === key.split("/")[1])?.call,
      );
      expect(of.sort()).toEqual([...truthOf(made).keys()].sort());
    });
    fc.assert(property, { numRuns: 400 });
  });
});
