import { describe, expect, it } from "vitest";
import { decideSampling, thresholdOf } from "#formats/trace-context/probability-sampling.ts";
import {
  extractContext,
  type HeaderReader,
  injectContext,
  type TraceContext,
} from "#formats/trace-context/trace-context.ts";
import { type HeaderPair, W3C_CASES, type W3cRequest } from "./w3c-cases.ts";
import { complaintsAbout, type OutgoingHeaders } from "./w3c-complaints.ts";

/** A service: what it sends on for the headers of a request. */
type Service = (headers: HeaderReader) => { traceparent: string; tracestate?: string };

/** Headers as they are on the wire, where `Headers` would trim them. */
function wireHeaders(pairs: readonly HeaderPair[]): HeaderReader {
  return {
    get(name) {
      const values = pairs
        .filter(([each]) => each.toLowerCase() === name)
        .map(([, value]) => value);
      return values.length === 0 ? null : values.join(", ");
    },
  };
}

function platformHeaders(pairs: readonly HeaderPair[]): HeaderReader {
  const headers = new Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  return headers;
}

let count = 0;
const nextSpanId = () => (++count).toString(16).padStart(16, "f");

function ownTrace(): TraceContext {
  const traceId = (++count).toString(16).padStart(32, "e");
  return { traceId, spanId: nextSpanId(), sampled: false, random: true, tracestate: [] };
}

const passOn: Service = (headers) =>
  injectContext(extractContext(headers) ?? ownTrace(), nextSpanId());

const sampleAll: Service = (headers) => {
  const context = extractContext(headers) ?? ownTrace();
  const decision = decideSampling(context, thresholdOf(0.999));
  return injectContext({ ...context, ...decision }, nextSpanId());
};

function callsOf(service: Service, request: W3cRequest, read = platformHeaders): OutgoingHeaders[] {
  return Array.from({ length: request.calls }, () => {
    const { traceparent, tracestate = null } = service(read(request.headers));
    return { traceparent, tracestate };
  });
}

const failuresOf = (service: Service) =>
  W3C_CASES.filter(({ requests }) =>
    requests.some((request) => complaintsAbout(request, callsOf(service, request)).length > 0),
  ).map(({ name }) => name);

describe("the public test suite of W3C Trace Context", () => {
  it("has 41 cases, each with a clause", () => {
    expect(new Set(W3C_CASES.map(({ name }) => name)).size).toBe(41);
    for (const { clause, requests } of W3C_CASES) {
      expect(clause).toMatch(/^(§[34]\.|RFC 9110 §)/);
      expect(requests.length).toBeGreaterThan(0);
    }
  });

  it.each(W3C_CASES)("$name: $clause", ({ requests }) => {
    for (const request of requests) {
      expect(complaintsAbout(request, callsOf(passOn, request))).toEqual([]);
      expect(complaintsAbout(request, callsOf(passOn, request, wireHeaders))).toEqual([]);
      expect(complaintsAbout(request, callsOf(sampleAll, request))).toEqual([]);
    }
  });
});

describe("the table", () => {
  it("finds a service that sends on what it got", () => {
    const echo: Service = (headers) => {
      const traceparent =
        headers.get("traceparent") ?? injectContext(ownTrace(), nextSpanId()).traceparent;
      return { traceparent, tracestate: headers.get("tracestate") ?? "" };
    };
    expect(failuresOf(echo).length).toBeGreaterThan(35);
  });

  it("finds a service that always starts a trace", () => {
    const restart: Service = () => injectContext(ownTrace(), nextSpanId());
    const failures = failuresOf(restart);
    expect(failures).toContain("test_traceparent_ows_handling");
    expect(failures).toContain("test_tracestate_duplicated_keys");
    expect(failures).toContain("test_propagates_random_flag");
    expect(failures.length).toBeGreaterThan(15);
  });

  it("finds a service that forgets the tracestate, or one that never looks into it", () => {
    const forget: Service = (headers) =>
      injectContext({ ...(extractContext(headers) ?? ownTrace()), tracestate: [] }, nextSpanId());
    expect(failuresOf(forget)).toHaveLength(10);
    const trust: Service = (headers) => ({
      ...passOn(headers),
      tracestate: headers.get("tracestate") ?? "",
    });
    expect(failuresOf(trust)).toEqual(
      expect.arrayContaining([
        "test_tracestate_included_traceparent_missing",
        "test_tracestate_key_illegal_characters",
        "test_tracestate_member_count_limit",
        "test_tracestate_value_illegal_characters",
      ]),
    );
  });

  it("finds a service that uses a span twice or drops the random flag", () => {
    const once: Service = (headers) =>
      injectContext(extractContext(headers) ?? ownTrace(), "1".repeat(16));
    expect(failuresOf(once)).toHaveLength(3);
    const level1: Service = (headers) =>
      injectContext({ ...(extractContext(headers) ?? ownTrace()), random: false }, nextSpanId());
    expect(failuresOf(level1)).toEqual(["test_propagates_random_flag"]);
  });
});
