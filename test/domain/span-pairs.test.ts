import { describe, expect, it } from "vitest";
import { mapSpan, type SpanCall } from "../../src/domain/span-mapping.ts";
import { callerOf, isCounted, serverStartRange } from "../../src/domain/span-pairs.ts";
import { NO_ATTRIBUTES } from "../../src/spec/otlp/trace-model.ts";
import { makeSpan } from "./spans.ts";

const SERVER = 2;
const CLIENT = 3;

function callOf(given: Parameters<typeof makeSpan>[0]): SpanCall {
  const verdict = mapSpan(makeSpan(given), NO_ATTRIBUTES);
  if (verdict.kind !== "call") throw new Error("no call");
  return verdict.call;
}

/** What a store would find of the calls that it has counted. */
function countedOf(calls: readonly SpanCall[]) {
  const keys = (isServer: boolean) =>
    calls
      .filter(({ side }) => (side === "server") === isServer)
      .map((call) => callerOf(call) ?? "");
  return { callers: new Set(keys(false)), parents: new Set(keys(true)) };
}

/** Each in a request of its own. */
function countEach(calls: readonly SpanCall[]): SpanCall[] {
  const counted: SpanCall[] = [];
  for (const call of calls) if (!isCounted(call, countedOf(counted))) counted.push(call);
  return counted;
}

const client = callOf({ spanId: "00000000000000c1", kind: CLIENT, parentSpanId: null });
const server = callOf({
  spanId: "00000000000000d1",
  kind: SERVER,
  parentSpanId: "00000000000000c1",
});
const retried = callOf({
  spanId: "00000000000000d2",
  kind: SERVER,
  parentSpanId: "00000000000000c1",
});

describe("isCounted", () => {
  it("counts a call once, in whichever order its spans come: the first stays", () => {
    expect(countEach([client, server])).toEqual([client]);
    expect(countEach([server, client])).toEqual([server]);
  });

  it("adds nothing when both come again, in any order", () => {
    for (const order of [
      [client, server],
      [server, client],
    ]) {
      const counted = countEach(order);
      // A span sent again has the id of its sample, and is found by that.
      const ids = new Set(counted.map(({ sample }) => sample.id));
      const fresh = order.filter(({ sample }) => !ids.has(sample.id));
      expect(fresh.every((call) => isCounted(call, countedOf(counted)))).toBe(true);
    }
  });

  it("takes servers' spans with one parent for two calls, unless that parent was counted", () => {
    expect(countEach([server, retried])).toHaveLength(2);
    expect(countEach([client, server, retried])).toEqual([client]);
    expect(countEach([server, retried, client])).toHaveLength(2);
  });

  it("never finds a root span of a server, nor one of another trace", () => {
    const root = callOf({ kind: SERVER, parentSpanId: null });
    expect(callerOf(root)).toBeNull();
    const other = callOf({ kind: CLIENT, spanId: "00000000000000c1", traceId: "a".repeat(32) });
    expect(countEach([server, other, root])).toHaveLength(3);
  });
});

describe("serverStartRange", () => {
  it("spans the call, a minute of it at most, and ten seconds of clocks that disagree", () => {
    const startMs = Number(client.sample.started_at);
    expect(serverStartRange(client)).toEqual({ fromMs: startMs - 10_000, toMs: startMs + 10_085 });
    const long = callOf({ kind: CLIENT, end: { ms: startMs + 3_600_000, nanos: 0 } });
    expect(serverStartRange(long).toMs).toBe(startMs + 70_000);
  });
});
