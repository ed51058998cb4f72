import { describe, expect, it, vi } from "vitest";
import { SPAN_KIND } from "#formats/otlp/trace-model.ts";
import { extractContext } from "#formats/trace-context/trace-context.ts";
import { tracedFetch } from "#tracing/traced-fetch.ts";
import { newHex } from "../otlp/http/otlp.ts";
import { exportedTo, TracedApp, type TracesStream } from "./traced-app.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const SAMPLED = `00-${TRACE}-${PARENT}-01`;
const UNSAMPLED = `00-${TRACE}-${PARENT}-00`;

/** An org's route for callers with a token, one for anybody, and one that fails. */
function tracedApp(traces: TracesStream) {
  const traced = new TracedApp({ traces });
  const sent: Headers[] = [];
  const callUpstream = () =>
    tracedFetch(new Request("https://upstream.example/mcp?key=secret"), async (request) => {
      sent.push(request.headers);
      return new Response("ok", { status: 200 });
    });
  traced.app.get("/org", async (c) => {
    c.set("isAuthenticated", true);
    c.set("org", { org: "acme" } as never);
    await callUpstream();
    return c.text("ok");
  });
  traced.app.get("/anybody", async (c) => {
    await callUpstream();
    return c.text("ok");
  });
  traced.app.get("/fails", (c) => {
    c.set("isAuthenticated", true);
    throw new Error("it does");
  });
  const get = (path: string, headers: Record<string, string> = {}) =>
    traced.request(path, { headers });
  return { traced, sent, get };
}

describe("A caller's trace", () => {
  it("is joined where the caller is known: same trace, its span the parent, ours in what goes out", async () => {
    const { traced, sent, get } = tracedApp(exportedTo(1));
    await get("/org", { traceparent: SAMPLED, tracestate: "rojo=00f067aa" });
    const root = traced.spanOf(SPAN_KIND.server);
    const call = traced.spanOf(SPAN_KIND.client);
    expect([root.traceId, root.parentSpanId]).toEqual([TRACE, PARENT]);
    expect(root.flags).toBe(0x301);
    expect(call.parentSpanId).toBe(root.spanId);
    expect(sent[0]?.get("traceparent")).toBe(`00-${TRACE}-${call.spanId}-01`);
    expect(sent[0]?.get("tracestate")).toBe("rojo=00f067aa");
  });

  it("is not joined where nobody knows the caller: a new trace, with a link to the other", async () => {
    const { traced, sent, get } = tracedApp(exportedTo(1));
    await get("/anybody", { traceparent: SAMPLED, tracestate: "rojo=1" });
    const root = traced.spanOf(SPAN_KIND.server);
    expect(root.traceId).not.toBe(TRACE);
    expect(root.parentSpanId).toBeNull();
    const exported = traced.collector.requests[0]!.body;
    expect(Buffer.from(exported).toString("hex")).toContain(TRACE);
    expect(extractContext(sent[0]!)?.traceId).toBe(root.traceId);
    expect(sent[0]?.get("tracestate")).not.toContain("rojo");
  });

  it("that was not sampled is not sampled here, and goes on so", async () => {
    const { traced, sent, get } = tracedApp(exportedTo(1));
    await get("/org", { traceparent: UNSAMPLED });
    expect(traced.spans).toHaveLength(0);
    expect(sent[0]?.get("traceparent")).toMatch(new RegExp(`^00-${TRACE}-.{16}-00$`));
  });

  it("goes on as it came where spans have no destination", async () => {
    const { traced, sent, get } = tracedApp({ enabled: true, otlp: null });
    await get("/org", { traceparent: SAMPLED });
    expect(traced.spans).toHaveLength(0);
    expect(sent[0]?.get("traceparent")).toMatch(new RegExp(`^00-${TRACE}-.{16}-01$`));
  });

  it("is kept for the drill-down once, if it was sampled and the caller known", async () => {
    const { traced, get } = tracedApp(exportedTo(0));
    await get("/org", { traceparent: SAMPLED });
    expect(traced.kept).toHaveLength(1);
    expect(traced.kept[0]?.map(({ name, traceId }) => [name, traceId])).toEqual([
      ["GET /org", TRACE],
      ["GET", TRACE],
    ]);
    await get("/org", { traceparent: UNSAMPLED });
    await get("/org");
    await get("/anybody", { traceparent: SAMPLED });
    expect(traced.kept).toHaveLength(1);
  });
});

describe("Of 4,000 requests with a sample rate of 0.1", () => {
  const REQUESTS = 4_000;
  /** Five standard deviations of a binomial of 4,000 at 0.1. */
  const isTenth = (count: number) => Math.abs(count - 400) < 95;

  it("about 400 are exported, each saying by its threshold that it stands for ten", async () => {
    const { traced, get } = tracedApp(exportedTo(0.1));
    for (let index = 0; index < REQUESTS; index++) await get("/missing");
    expect(traced.spans.length).toSatisfy(isTenth);
    for (const { traceState, flags } of traced.spans) {
      expect(traceState).toBe("ot=th:e6666666666666");
      expect(flags & 0b11).toBe(0b11);
    }
  });

  it("as many of those that callers sampled: a foreign flag never floods the exports", async () => {
    const { traced, get } = tracedApp(exportedTo(0.1));
    const request = () => get("/org", { traceparent: `00-${newHex(32)}-${PARENT}-03` });
    // At once, for they are kept too, which gathers for a moment.
    for (let sent = 0; sent < REQUESTS; sent += 200) {
      await Promise.all(Array.from({ length: 200 }, request));
    }
    const roots = traced.spans.filter(({ kind }) => kind === SPAN_KIND.server);
    expect(roots.length).toSatisfy(isTenth);
  });

  it("none more by a trace id that every rate lets through, from a caller nobody knows", async () => {
    const { traced, get } = tracedApp(exportedTo(0.1));
    const traceparent = `00-${"f".repeat(32)}-${PARENT}-01`;
    for (let index = 0; index < REQUESTS; index++) await get("/missing", { traceparent });
    expect(traced.spans.length).toSatisfy(isTenth);
  });
});

describe("An unsampled request that failed", () => {
  it("is exported all the same, without a threshold: it counts for no other", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const { traced, get } = tracedApp(exportedTo(0));
    await get("/fails");
    await get("/fails", { traceparent: UNSAMPLED, tracestate: "ot=th:8,rojo=1" });
    await get("/missing");
    expect(traced.spans.map(({ traceState }) => traceState)).toEqual(["", "rojo=1"]);
    expect(traced.spans.map(({ flags }) => flags & 1)).toEqual([0, 0]);
    vi.restoreAllMocks();
  });
});

describe("A call to another service", () => {
  it("is a CLIENT span without its query", async () => {
    const { traced, get } = tracedApp(exportedTo(1));
    await get("/org");
    const { name, attributes } = traced.spanOf(SPAN_KIND.client);
    expect(name).toBe("GET");
    expect(Object.fromEntries(attributes)).toEqual({
      "http.request.method": "GET",
      "url.full": "https://upstream.example/mcp",
      "server.address": "upstream.example",
      "server.port": 443,
      "http.response.status_code": 200,
    });
  });

  it("replaces what its request said of a trace", async () => {
    const traced = new TracedApp();
    let sent = new Headers();
    traced.app.get("/", async (c) => {
      const headers = { traceparent: SAMPLED, tracestate: "old=1" };
      await tracedFetch(new Request("https://upstream.example/", { headers }), async (request) => {
        sent = request.headers;
        return new Response();
      });
      return c.text("ok");
    });
    await traced.request("/");
    expect(sent.get("traceparent")).not.toContain(TRACE);
    expect(sent.get("tracestate")).toBe("ot=th:0");
  });

  it("outside of a trace goes out as it is", async () => {
    const request = new Request("https://upstream.example/");
    const answered = await tracedFetch(request, async (given) => {
      expect(given).toBe(request);
      return new Response("ok");
    });
    expect(answered.status).toBe(200);
  });
});
