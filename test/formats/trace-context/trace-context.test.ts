import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  extractContext,
  extractMetaContext,
  injectContext,
  type TraceHeaders,
} from "#formats/trace-context/trace-context.ts";
import { context, spanId } from "./arbitraries.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE}-${SPAN}-03`;
const PARENT = { traceId: TRACE, spanId: SPAN, sampled: true, random: true, tracestate: [] };

const headersOf = (sent: TraceHeaders) => new Headers({ ...sent });

describe("extractContext", () => {
  it("reads both headers", () => {
    const headers = new Headers({ traceparent: TRACEPARENT, tracestate: "rojo=1" });
    headers.append("TraceState", "congo=2");
    expect(extractContext(headers)).toEqual({
      ...PARENT,
      tracestate: [
        { key: "rojo", value: "1" },
        { key: "congo", value: "2" },
      ],
    });
  });

  it("is none without a valid traceparent, whatever the tracestate", () => {
    expect(extractContext(new Headers())).toBeNull();
    expect(extractContext(new Headers({ tracestate: "foo=1" }))).toBeNull();
    const twice = new Headers({ traceparent: TRACEPARENT, tracestate: "foo=1" });
    twice.append("traceparent", TRACEPARENT);
    expect(extractContext(twice)).toBeNull();
  });

  it("stays a traceparent when the tracestate is invalid", () => {
    const headers = new Headers({ traceparent: TRACEPARENT, tracestate: "foo=1,BAR=2" });
    expect(extractContext(headers)).toEqual(PARENT);
  });

  it("reads what was injected, with our span for parent", () => {
    fc.assert(
      fc.property(context, spanId, (sent, ourSpan) => {
        const read = extractContext(headersOf(injectContext(sent, ourSpan)));
        expect(read).toEqual({ ...sent, spanId: ourSpan });
      }),
    );
  });
});

describe("extractMetaContext", () => {
  it("reads the keys that MCP reserves, as the headers of the same texts", () => {
    fc.assert(
      fc.property(context, spanId, (sent, ourSpan) => {
        const carrier = injectContext(sent, ourSpan);
        const meta: unknown = { progressToken: 7, "io.example/key": {}, ...carrier };
        expect(extractMetaContext(meta)).toEqual(extractContext(headersOf(carrier)));
      }),
    );
  });

  it.each([
    ["no _meta", undefined],
    ["null", null],
    ["a text", TRACEPARENT],
    ["an array", [TRACEPARENT]],
    ["neither key", {}],
    ["other spellings", { Traceparent: TRACEPARENT, "trace-parent": TRACEPARENT }],
    ["a tracestate alone", { tracestate: "foo=1" }],
    ["an array for a traceparent", { traceparent: [TRACEPARENT] }],
    ["an invalid traceparent", { traceparent: `${TRACEPARENT}x`, tracestate: "foo=1" }],
  ])("is none of %s", (_, meta) => {
    expect(extractMetaContext(meta)).toBeNull();
  });

  it.each([[1], [null], [["foo=1"]], [{ foo: 1 }], ["FOO=1"]])(
    "ignores the tracestate %j",
    (tracestate) => {
      expect(extractMetaContext({ traceparent: TRACEPARENT, tracestate })).toEqual(PARENT);
    },
  );

  it("never throws on what JSON can say", () => {
    const meta = fc.oneof(
      fc.jsonValue(),
      fc.record({ traceparent: fc.constant(TRACEPARENT), tracestate: fc.jsonValue() }),
      fc.record({ traceparent: fc.jsonValue(), tracestate: fc.jsonValue() }),
    );
    fc.assert(
      fc.property(meta, (value) => {
        const read = extractMetaContext(value);
        expect(read === null || read.traceId === TRACE).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("injectContext", () => {
  it("sends no empty tracestate", () => {
    const sent = injectContext(PARENT, "00f067aa0ba902b7");
    expect(sent).toEqual({ traceparent: `00-${TRACE}-00f067aa0ba902b7-03` });
  });

  it("refuses a span of ours that is none", () => {
    expect(() => injectContext(PARENT, "0".repeat(16))).toThrow(RangeError);
    expect(() => injectContext(PARENT, "")).toThrow(RangeError);
  });
});
