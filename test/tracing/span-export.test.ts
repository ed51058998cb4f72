import { describe, expect, it } from "vitest";
import { encodeExportResponse } from "#formats/otlp/export-response.ts";
import { parseRetryAfter } from "#platform/outgoing/retry-after.ts";
import type { TracesDestination } from "#streams/observability.ts";
import type { Drop } from "#tracing/log-drop.ts";
import { retryWaitMs } from "#tracing/retry.ts";
import { SpanExporter } from "#tracing/span-exporter.ts";
import { type Answer, FakeClock, FakeCollector, makeSpans } from "./collector.ts";

const DESTINATION: TracesDestination = {
  endpoint: "https://collector.example/otlp",
  headers: { authorization: "Bearer secret-of-acme" },
  sampleRate: 1,
};

function exporterTo(answer?: (request: number) => Answer | Promise<Answer>) {
  const collector = new FakeCollector(answer);
  const clock = new FakeClock();
  const drops: Drop[] = [];
  const onDrop = (drop: Drop) => drops.push(drop);
  const exporter = new SpanExporter({ send: collector.send, clock, onDrop });
  /** As the tracer does, with the promise run to its end. */
  const add = async (count: number, destination = DESTINATION) => {
    const spans = makeSpans(count);
    await exporter.add(destination, spans);
    return spans;
  };
  const account = () => {
    const counts = exporter.allCounts();
    const sum = (of: (one: (typeof counts)[number]) => number) =>
      counts.reduce((total, one) => total + of(one), 0);
    return {
      made: sum(({ made }) => made),
      taken: sum(({ taken }) => taken),
      dropped: sum(({ droppedTotal }) => droppedTotal),
    };
  };
  return { exporter, collector, clock, drops, add, account };
}

const status = (code: number, headers: Record<string, string> = {}) =>
  new Response("no", { status: code, headers });

describe("An export", () => {
  it("is an OTLP/HTTP request in protobuf with the destination's headers, to its /v1/traces", async () => {
    const { collector, add } = exporterTo();
    const spans = await add(3);
    const [request] = collector.requests;
    expect(request?.url).toBe("https://collector.example/otlp/v1/traces");
    expect(request?.headers.get("content-type")).toBe("application/x-protobuf");
    expect(request?.headers.get("authorization")).toBe("Bearer secret-of-acme");
    expect(request?.headers.get("user-agent")).toMatch(/^OTel-OTLP-Exporter-MCPG\/\d/);
    expect(request?.spans.map(({ spanId }) => spanId)).toEqual(spans.map(({ spanId }) => spanId));
  });

  it("follows no redirect, which would carry the credentials elsewhere, and carries no context", async () => {
    const { collector, add, account } = exporterTo(() =>
      status(307, { location: "https://evil.example/" }),
    );
    await add(1);
    const [request] = collector.requests;
    expect(request?.redirect).toBe("manual");
    expect(request?.headers.has("traceparent")).toBe(false);
    expect(collector.requests).toHaveLength(1);
    expect(account()).toEqual({ made: 1, taken: 0, dropped: 1 });
  });

  it("cannot be turned into another message by a destination's headers", async () => {
    const { collector, add } = exporterTo();
    const headers = { "content-type": "text/html", "user-agent": "x" };
    await add(1, { ...DESTINATION, headers });
    expect(collector.requests[0]?.headers.get("content-type")).toBe("application/x-protobuf");
  });

  it("with a header that cannot be sent is dropped at once, and its value logged nowhere", async () => {
    const { collector, add, account, drops } = exporterTo();
    await add(2, { ...DESTINATION, headers: { "x-key": "secret\nline" } });
    expect(collector.requests).toHaveLength(0);
    expect(account()).toEqual({ made: 2, taken: 0, dropped: 2 });
    expect(JSON.stringify(drops)).not.toContain("secret");
  });
});

describe("Spans", () => {
  it("that end within a second of each other leave in one request", async () => {
    const { exporter, collector } = exporterTo();
    const turns = [1, 2, 3].map((count) => exporter.add(DESTINATION, makeSpans(count)));
    expect(turns.map((turn) => turn !== null)).toEqual([true, false, false]);
    await turns[0];
    expect(collector.requests.map(({ spans }) => spans.length)).toEqual([6]);
  });

  it("leave at once when a batch is full, 512 at a time, one request after the other", async () => {
    let open = 0;
    const { exporter, collector, account } = exporterTo(async () => {
      open += 1;
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(open).toBe(1);
      open -= 1;
      return new Response();
    });
    const first = exporter.add(DESTINATION, makeSpans(1));
    const full = exporter.add(DESTINATION, makeSpans(1_200));
    expect(full).not.toBeNull();
    await Promise.all([first, full]);
    expect(collector.requests.map(({ spans }) => spans.length)).toEqual([512, 512, 177]);
    expect(account()).toEqual({ made: 1_201, taken: 1_201, dropped: 0 });
  });

  it("wait in a queue of 2,048 and are counted as dropped beyond it", async () => {
    const { exporter, account, drops } = exporterTo();
    const turn = exporter.add(DESTINATION, makeSpans(2_050));
    expect(exporter.add(DESTINATION, makeSpans(10))).toBeNull();
    await turn;
    expect(account()).toEqual({ made: 2_060, taken: 2_048 - 0, dropped: 12 });
    expect(drops.map(({ reason, spans }) => [reason, spans])).toEqual([
      ["overflow", 2],
      ["overflow", 10],
    ]);
  });

  it("of all collectors together wait in 8,192 places at most", () => {
    const { exporter, account } = exporterTo(() => new Promise<Response>(() => {}));
    for (let index = 0; index < 6; index++) {
      exporter.add({ ...DESTINATION, endpoint: `https://c${index}.example` }, makeSpans(2_000));
    }
    expect(account().dropped).toBe(12_000 - 8_192);
  });

  it("of one org never wait behind another's collector that hangs", async () => {
    const { exporter, collector } = exporterTo((request) =>
      request === 0 ? new Promise<Response>(() => {}) : new Response(),
    );
    exporter.add({ ...DESTINATION, endpoint: "https://hangs.example" }, makeSpans(512));
    await exporter.add(DESTINATION, makeSpans(5));
    expect(collector.taken).toHaveLength(5);
  });
});

describe("A collector that does not take them", () => {
  it.each([429, 502, 503, 504])(
    "answering %i is asked again, and nothing is lost",
    async (code) => {
      const { collector, add, account, clock } = exporterTo((request) =>
        request < 2 ? status(code) : new Response(),
      );
      await add(3);
      expect(collector.requests).toHaveLength(3);
      expect(clock.waitsMs).toEqual([1_000, 1_000, 2_000]);
      expect(account()).toEqual({ made: 3, taken: 3, dropped: 0 });
    },
  );

  it.each([400, 401, 403, 404, 413, 500, 501, 301])(
    "answering %i is not asked again: the spans are counted as dropped",
    async (code) => {
      const { collector, add, account } = exporterTo(() => status(code));
      await add(3);
      expect(collector.requests).toHaveLength(1);
      expect(account()).toEqual({ made: 3, taken: 0, dropped: 3 });
    },
  );

  it("that cannot be reached is asked five times, each later than the last", async () => {
    const { exporter, collector, add, account, clock, drops } = exporterTo(
      () => new TypeError("connect to https://secret.example failed"),
    );
    await add(3);
    for (let turn = 0; turn < 5; turn++) await exporter.add(DESTINATION, []);
    expect(collector.requests).toHaveLength(5);
    expect(clock.waitsMs.slice(0, 4)).toEqual([1_000, 1_000, 2_000, 4_000]);
    expect(account()).toEqual({ made: 3, taken: 0, dropped: 3 });
    expect(drops).toEqual([
      {
        reason: "undelivered",
        spans: 3,
        why: "could not be reached, or broke off",
        origin: "https://collector.example",
      },
    ]);
  });

  it("and says Retry-After is left alone for that long", async () => {
    const { add, clock, account } = exporterTo((request) =>
      request === 0 ? status(503, { "retry-after": "7" }) : new Response(),
    );
    await add(1);
    expect(clock.waitsMs).toEqual([1_000, 7_000]);
    expect(account().taken).toBe(1);
  });

  it("for longer than a request may last is asked by one that comes later, and not before", async () => {
    const { exporter, add, clock, collector, account } = exporterTo((request) =>
      request === 0 ? status(429, { "retry-after": "120" }) : new Response(),
    );
    await add(1);
    await add(1);
    expect(collector.requests).toHaveLength(1);
    clock.now += 119_000;
    await exporter.add(DESTINATION, []);
    expect(account()).toEqual({ made: 2, taken: 2, dropped: 0 });
  });

  it("in part (partial_success) has the rest counted as dropped, and is not asked again", async () => {
    for (const encoding of ["protobuf", "json"] as const) {
      const body = encodeExportResponse({ rejectedSpans: 2, errorMessage: "no" }, encoding);
      const type = encoding === "json" ? "application/json" : "application/x-protobuf";
      const { add, account, collector } = exporterTo(
        () => new Response(body, { headers: { "content-type": type } }),
      );
      await add(5);
      expect(collector.requests).toHaveLength(1);
      expect(account()).toEqual({ made: 5, taken: 3, dropped: 2 });
    }
  });

  it.each(["\u0000garbage", "{", "<html>", "x".repeat(200_000)])(
    "but says 200 with garbage has taken them",
    async (text) => {
      const { add, account } = exporterTo(() => new Response(text));
      await add(2);
      expect(account()).toEqual({ made: 2, taken: 2, dropped: 0 });
    },
  );
});

describe("Lost spans", () => {
  it("are told to the collector with what it takes next, as totals", async () => {
    const { collector, add, account } = exporterTo((request) =>
      request === 0 ? status(400) : new Response(),
    );
    await add(4);
    await add(1);
    await add(1);
    const names = collector.requests.map(({ spans }) => spans.map(({ name }) => name));
    expect(names[1]).toEqual(["GET /healthz", "spans dropped"]);
    expect(names[2]).toEqual(["GET /healthz"]);
    expect(collector.requests[1]?.spans[1]?.attributes).toEqual(
      new Map([
        ["mcpg.export.dropped_spans", 4],
        ["mcpg.export.dropped_spans.refused", 4],
      ]),
    );
    expect(account()).toEqual({ made: 6, taken: 2, dropped: 4 });
  });

  it("are told again where the telling did not arrive", async () => {
    const { collector, add } = exporterTo((request) =>
      request < 2 ? status(request === 0 ? 400 : 503) : new Response(),
    );
    await add(1);
    await add(1);
    expect(collector.requests[2]?.spans.at(-1)?.name).toBe("spans dropped");
  });
});

it("A request that the runtime ends while it sends has its batch sent by another", async () => {
  const { exporter, collector, clock, account } = exporterTo((request) =>
    request === 0 ? new Promise<Response>(() => {}) : new Response(),
  );
  exporter.add(DESTINATION, makeSpans(600));
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(exporter.add(DESTINATION, makeSpans(1))).toBeNull();
  expect(collector.requests).toHaveLength(1);
  clock.now += 41_000;
  await exporter.add(DESTINATION, makeSpans(1));
  expect(account()).toEqual({ made: 602, taken: 602, dropped: 0 });
});

it("Retry-After is seconds or a date, never in the past nor beyond five minutes", () => {
  const nowMs = Date.parse("2026-11-22T10:00:00Z");
  const clock = { ...new FakeClock(), random: () => 0 } as FakeClock;
  const backOffMs = 500;
  const cases: [string | null, number][] = [
    [null, backOffMs],
    ["", backOffMs],
    ["soon", backOffMs],
    ["-5", backOffMs],
    ["0", backOffMs],
    [" 30 ", 30_000],
    ["86400", 300_000],
    ["Sun, 22 Nov 2026 10:00:20 GMT", 20_000],
    ["Sun, 22 Nov 2026 09:00:00 GMT", backOffMs],
  ];
  for (const [header, expected] of cases) {
    const askedMs = parseRetryAfter(header, nowMs);
    expect([header, retryWaitMs(1, askedMs, clock)]).toEqual([header, expected]);
  }
});
