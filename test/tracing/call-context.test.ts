import { expect, it } from "vitest";
import type { TraceContext } from "#formats/trace-context/trace-context.ts";
import { contextOfCall } from "#tracing/call-context.ts";

const http: TraceContext = {
  traceId: "a".repeat(32),
  spanId: "1".repeat(16),
  sampled: true,
  random: true,
  tracestate: [],
};
const meta: TraceContext = { ...http, traceId: "b".repeat(32), spanId: "2".repeat(16) };

it("A call that names its caller's span in _meta is its child, and only linked to the HTTP request", () => {
  expect(contextOfCall(http, meta)).toEqual({ parent: meta, link: http });
});

it("A call that names none is a child of the HTTP request", () => {
  expect(contextOfCall(http, null)).toEqual({ parent: http, link: null });
});

it("A call whose _meta names the same trace is still the child of the span that it names", () => {
  const sibling = { ...http, spanId: "3".repeat(16) };
  expect(contextOfCall(http, sibling)).toEqual({ parent: sibling, link: http });
});

it("A call whose _meta names the HTTP span itself has no link to it", () => {
  expect(contextOfCall(http, { ...http })).toEqual({ parent: http, link: null });
});

it("A call without HTTP, or without any context, has what there is", () => {
  expect(contextOfCall(null, meta)).toEqual({ parent: meta, link: null });
  expect(contextOfCall(null, null)).toEqual({ parent: null, link: null });
});
