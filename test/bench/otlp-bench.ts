/**
 * The same calls as JSON samples and as OTLP spans, 500 a request, taking turns on one machine; and the very bodies of
 * spans sent to the OpenTelemetry Collector, which takes turns with them.
 */
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import type { AttributeValue, ResourceSpans, Span } from "#formats/otlp/trace-model.ts";
import { hex, type LoadSample, makeReports, reportBody } from "../harness/load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { workerdCpuMs } from "../harness/workerd-usage.ts";
import { CollectorPeer } from "./collector/collector-peer.ts";
import { postBodies } from "./collector/post-bodies.ts";
import { type Figure, median } from "./figure.ts";

const REQUESTS = 30;
const SAMPLES = 500;
const SERIES = 1_000;
const ROUNDS = 5;

interface Variant {
  name: string;
  path: string;
  contentType: string;
  bodyOf(samples: readonly LoadSample[]): string | Uint8Array;
  /** Of each report; default 20 ms, as of 25,000 calls/s. */
  spanMs?: number;
}

const PROTOBUF = { path: "otlp/v1/traces", contentType: "application/x-protobuf" };
const SERVED = {
  ...PROTOBUF,
  bodyOf: (samples: readonly LoadSample[]) =>
    encodeTraces(tracesOf(samples, callSpans), "protobuf"),
};
/** What the Collector is sent too. */
const COLLECTED = "protobuf";
const VARIANTS = {
  samples: {
    name: "JSON samples",
    path: "invocations",
    contentType: "application/json",
    bodyOf: reportBody,
  },
  protobuf: { ...SERVED, name: "OTLP protobuf" },
  steady: {
    ...SERVED,
    name: "OTLP protobuf, of a fleet of 200 calls/s",
    // Servers' calls are held against the org's samples of their half minute, 50,000 at most.
    spanMs: (SAMPLES / 200) * 1e3,
  },
  json: {
    name: "OTLP JSON",
    path: "otlp/v1/traces",
    contentType: "application/json",
    bodyOf: (samples) => encodeTraces(tracesOf(samples, callSpans), "json"),
  },
  callers: {
    ...PROTOBUF,
    name: "OTLP protobuf, callers' spans, settled",
    bodyOf: (samples) => encodeTraces(tracesOf(samples, callerSpans), "protobuf"),
  },
  beside: {
    ...PROTOBUF,
    name: "OTLP protobuf, an HTTP span beside each call",
    bodyOf: (samples) => encodeTraces(tracesOf(samples, withHttpSpan), "protobuf"),
  },
} satisfies Record<string, Variant>;

/** By round. */
interface Measured {
  rates: number[];
  /** Processor time a sample, of the runtime with D1. */
  cpuUs: number[];
  /** Until all were acknowledged, which for callers' is before they are counted. */
  takenRates: number[];
  rowsWritten: number;
}

export async function benchOtlp(runtime: Runtime): Promise<Figure[]> {
  const all = new Map<string, Measured>();
  for (const key of Object.keys(VARIANTS)) {
    await runtime.makeOrg(`bench-${key}`);
    // Callers' calls are settled as soon as they are asked for, so that this is measured too.
    const span_mapping = { caller_wait_seconds: 0 };
    await runtime.json("PATCH", `/v1/orgs/bench-${key}`, { span_mapping });
    all.set(key, { rates: [], takenRates: [], cpuUs: [], rowsWritten: 0 });
  }
  const collector = await CollectorPeer.orSkip();
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [key, measured] of all) {
        const bodies = bodiesOf(key, round);
        await measure(runtime, key, bodies, measured);
        if (key === COLLECTED) await collector?.round(bodies, REQUESTS * SAMPLES);
      }
    }
    return await allFigures(all, collector);
  } finally {
    await collector?.stop();
  }
}

/** The Collector's are after ours of the same bodies. */
async function allFigures(
  all: ReadonlyMap<string, Measured>,
  collector: CollectorPeer | undefined,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [key, measured] of all) {
    figures.push(...figuresOf(key, measured, all.get("samples")));
    const { rates, cpuUs } = measured;
    if (key === COLLECTED) figures.push(...((await collector?.figures({ rates, cpuUs })) ?? []));
  }
  return figures;
}

function bodiesOf(key: string, round: number): (string | Uint8Array)[] {
  const { bodyOf, spanMs }: Variant = VARIANTS[key as keyof typeof VARIANTS];
  // The rounds follow each other, like the reports of each.
  const endMs = Date.now() - (ROUNDS - 1 - round) * REQUESTS * (spanMs ?? 0);
  const time = spanMs === undefined ? {} : { spanMs, endMs };
  const reports = makeReports(REQUESTS, SAMPLES, SERIES, round, time);
  return reports.map((samples) => bodyOf(samples));
}

async function measure(
  runtime: Runtime,
  key: string,
  bodies: readonly (string | Uint8Array)[],
  into: Measured,
) {
  const { path, contentType }: Variant = VARIANTS[key as keyof typeof VARIANTS];
  const target = { path: `/v1/orgs/bench-${key}/${path}`, contentType };
  const thousands = (REQUESTS * SAMPLES) / 1e3;
  await runtime.json("GET", "/bench/rows");
  const cpuBeforeMs = workerdCpuMs();
  const postedMs = await postBodies(runtime, target, bodies);
  const startedAt = performance.now();
  const turns = await runtime.json<number[]>("GET", `/bench/settle?org=bench-${key}`);
  const elapsedMs = postedMs + (turns.length === 0 ? 0 : performance.now() - startedAt);
  into.cpuUs.push((workerdCpuMs() - cpuBeforeMs) / thousands);
  into.rates.push((thousands / elapsedMs) * 1e6);
  into.takenRates.push((thousands / postedMs) * 1e6);
  const { rowsWritten } = await runtime.json<{ rowsWritten: number }>("GET", "/bench/rows");
  into.rowsWritten += rowsWritten / (thousands * 1e3 * ROUNDS);
  await runtime.json("GET", `/bench/fold?org=bench-${key}`);
}

function figuresOf(key: string, measured: Measured, baseline: Measured | undefined): Figure[] {
  const { name }: Variant = VARIANTS[key as keyof typeof VARIANTS];
  const { rates, takenRates, cpuUs, rowsWritten } = measured;
  const ratio = median(rates.map((rate, round) => rate / (baseline?.rates[round] ?? 1)));
  const target = key === "protobuf" ? " (target ≥ 0.6)" : "";
  return [
    { name, value: median(rates), unit: "samples/s" },
    ...(measured === baseline ? [] : [{ name: `  ratio${target}`, value: ratio }]),
    ...(key === "callers"
      ? [{ name: "  taken, to be settled", value: median(takenRates), unit: "samples/s" }]
      : []),
    { name: "  processor time, D1's included", value: median(cpuUs), unit: "µs/sample" },
    { name: "  D1 rows written at ingest", value: rowsWritten, unit: "/sample" },
  ];
}

type SpansOf = (sample: LoadSample) => Span[];

function tracesOf(samples: readonly LoadSample[], spansOf: SpansOf): ResourceSpans[] {
  return [...Map.groupBy(samples, ({ plugin }) => plugin)].map(([plugin, ofPlugin]) => ({
    resource: attributesOf({
      "service.name": plugin,
      "service.instance.id": "gw-1",
      "deployment.environment.name": "prod",
      "telemetry.sdk.language": "nodejs",
      "telemetry.sdk.name": "opentelemetry",
      "telemetry.sdk.version": "3.1.0",
    }),
    scopeSpans: [{ scope: { name: "mcp", version: "1.0.0" }, spans: ofPlugin.flatMap(spansOf) }],
  }));
}

const callSpans: SpansOf = (sample) => [callSpan(sample, 2)];
const callerSpans: SpansOf = (sample) => [callSpan(sample, 3)];

const withHttpSpan: SpansOf = (sample) => {
  const call = callSpan(sample, 2);
  const spanId = hex(8);
  const attributes = attributesOf({
    "http.request.method": "POST",
    "http.route": "/mcp",
    "http.response.status_code": 200,
  });
  const http = { ...call, spanId, parentSpanId: null, name: "POST /mcp", attributes };
  return [http, { ...call, parentSpanId: spanId }];
};

/** With what the semantic conventions require and recommend. */
function callSpan(sample: LoadSample, kind: number): Span {
  const startMs = Date.parse(sample.started_at);
  const micros = Math.round(sample.duration_ms * 1e3);
  const hasFailed = sample.outcome !== "ok";
  return {
    traceId: sample.trace_id,
    spanId: sample.span_id,
    parentSpanId: hex(8),
    traceState: "",
    flags: 0x101,
    name: `tools/call ${sample.tool}`,
    kind,
    start: { ms: startMs, nanos: 0 },
    end: { ms: startMs + Math.floor(micros / 1e3), nanos: (micros % 1e3) * 1e3 },
    attributes: attributesOf({
      "mcp.method.name": "tools/call",
      "gen_ai.tool.name": sample.tool,
      "gen_ai.operation.name": "execute_tool",
      "mcp.session.id": "8267461134f24305af708e66b8eda71a",
      "mcp.protocol.version": "2025-06-18",
      "jsonrpc.request.id": "3",
      "network.transport": "tcp",
      "enduser.id": sample.actor,
      "http.request.body.size": sample.request_bytes,
      "http.response.body.size": sample.response_bytes,
      ...(hasFailed && { "error.type": "tool_error" }),
    }),
    status: { code: hasFailed ? 2 : 0, message: "" },
  };
}

function attributesOf(values: Record<string, AttributeValue>): Map<string, AttributeValue> {
  return new Map(Object.entries(values));
}
