import { describe, expect, it } from "vitest";
import { isRejection, parseSample } from "#calls/call.ts";
import {
  childStartRange,
  childStartRanges,
  countedChildKeys,
  countedParent,
  type PairedCall,
} from "#calls/span-pairs.ts";
import { NO_ATTRIBUTES } from "#formats/otlp/trace-model.ts";
import { mapSpan } from "#otlp/span-mapping.ts";
import { makeSpan } from "../otlp/spans.ts";

const SERVER = 2;
const CLIENT = 3;

function callOf(given: Parameters<typeof makeSpan>[0]): PairedCall {
  const span = makeSpan(given);
  const verdict = mapSpan(span, NO_ATTRIBUTES);
  if (verdict.kind !== "call") throw new Error("no call");
  const { sample, instance, side, parentSpanId } = verdict.call;
  const context = { instance, epochMs: null, seq: null, batchId: null, receivedAtMs: span.end.ms };
  const parsed = parseSample(sample, 0, {
    ...context,
    fingerprintKey: new Uint8Array(32),
    knownErrors: new Map(),
  });
  if (isRejection(parsed)) throw new Error(parsed.message);
  return { ...parsed, pair: { instance, isCaller: side !== "server", parentSpanId } };
}

const client = callOf({ spanId: "00000000000000c1", kind: CLIENT, parentSpanId: null });
const server = callOf({ spanId: "00000000000000d1", kind: SERVER, parentSpanId: client.spanId });

describe("countedParent", () => {
  it("is any caller of its tool for a server's span, and one of its process for a caller's", () => {
    const parent = { traceId: client.traceId, spanId: client.spanId, tool: "list_repos" };
    expect(countedParent(server)).toEqual({ ...parent, instance: null });
    const inner = callOf({ spanId: "00000000000000c2", kind: CLIENT, parentSpanId: client.spanId });
    expect(countedParent(inner)).toEqual({ ...parent, instance: "unknown_service" });
  });

  it("is none for a root span", () => {
    expect(countedParent(client)).toBeNull();
  });
});

describe("countedChildKeys", () => {
  it("name the caller's span and tool, and the process of one that it wraps", () => {
    const key = `${client.traceId}${client.spanId}/list_repos`;
    expect(countedChildKeys(client)).toEqual([key, `${key}/by/unknown_service`]);
  });
});

describe("childStartRange", () => {
  it("spans the call, a minute of it at most, and ten seconds of clocks that disagree", () => {
    const { startedAtMs } = client;
    const range = { fromMs: startedAtMs - 10_000, toMs: startedAtMs + 10_085 };
    expect(childStartRange(client)).toEqual(range);
    const long = { startedAtMs, durationUs: 3_600_000_000 };
    expect(childStartRange(long).toMs).toBe(startedAtMs + 70_000);
  });
});

describe("childStartRanges", () => {
  it("are apart and by start: what lies between callers' calls is not gone through", () => {
    const later = (ms: number) => ({ ...client, startedAtMs: client.startedAtMs + ms });
    const [first, last] = [childStartRange(client), childStartRange(later(60_000))];
    const near = childStartRange(later(5_000));
    expect(childStartRanges([later(60_000), server, later(5_000), client])).toEqual([
      { fromMs: first.fromMs, toMs: near.toMs },
      last,
    ]);
    expect(childStartRanges([server])).toEqual([]);
  });
});
