/** The same calls as JSON samples and as OTLP spans, 500 a request, taking turns on one machine. */
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import type { AttributeValue, ResourceSpans, Span } from "#formats/otlp/trace-model.ts";
import { hex, type LoadSample, makeReports, reportBody } from "../harness/load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { workerdCpuMs } from "../harness/workerd-usage.ts";
import { type Figure, median } from "./figure.ts";

const REQUESTS = 30;
const SAMPLES = 500;
const SERIES = 1_000;
const ROUNDS = 5;
const CONNECTIONS = 4;

interface Variant {
  name: string;
  path: string;
  contentType: string;
  bodyOf(samples: readonly LoadSample[]): string | Uint8Array;
}

const PROTOBUF = { path: "otlp/v1/traces", contentType: "application/x-protobuf" };
const VARIANTS = {
  samples: {
    name: "JSON samples",
    path: "invocations",
    contentType: "application/json",
    bodyOf: reportBody,
  },
  protobuf: {
    ...PROTOBUF,
    name: "OTLP protobuf",
    bodyOf: (samples) => encodeTraces(tracesOf(samples, callSpans), "protobuf"),
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
  /** Until all were acknowledged, which for callers' is before they are counted. */
  takenRates: number[];
  cpuMs: number[];
  rowsWritten: number;
}

export async function benchOtlp(runtime: Runtime): Promise<Figure[]> {
  const all = new Map<string, Measured>();
  for (const key of Object.keys(VARIANTS)) {
    await runtime.makeOrg(`bench-${key}`);
    // Callers' calls are settled as soon as they are asked for, so that this is measured too.
    const span_mapping = { caller_wait_seconds: 0 };
    await runtime.json("PATCH", `/v1/orgs/bench-${key}`, { span_mapping });
    all.set(key, { rates: [], takenRates: [], cpuMs: [], rowsWritten: 0 });
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [key, measured] of all) await measure(runtime, key, round, measured);
  }
  const baseline = all.get("samples");
  return [...all].flatMap(([key, measured]) => figuresOf(key, measured, baseline));
}

async function measure(runtime: Runtime, key: string, round: number, into: Measured) {
  const variant: Variant = VARIANTS[key as keyof typeof VARIANTS];
  const bodies = makeReports(REQUESTS, SAMPLES, SERIES, round).map((samples) =>
    variant.bodyOf(samples),
  );
  const thousands = (REQUESTS * SAMPLES) / 1e3;
  await runtime.json("GET", "/bench/rows");
  const cpuBeforeMs = workerdCpuMs();
  const postedMs = await postAll(runtime, `bench-${key}`, variant, bodies);
  const startedAt = performance.now();
  const turns = await runtime.json<number[]>("GET", `/bench/settle?org=bench-${key}`);
  const elapsedMs = postedMs + (turns.length === 0 ? 0 : performance.now() - startedAt);
  into.cpuMs.push((workerdCpuMs() - cpuBeforeMs) / thousands);
  into.rates.push((thousands / elapsedMs) * 1e6);
  into.takenRates.push((thousands / postedMs) * 1e6);
  const { rowsWritten } = await runtime.json<{ rowsWritten: number }>("GET", "/bench/rows");
  into.rowsWritten += rowsWritten / (thousands * 1e3 * ROUNDS);
  await runtime.json("GET", `/bench/fold?org=bench-${key}`);
}

function figuresOf(key: string, measured: Measured, baseline: Measured | undefined): Figure[] {
  const { name }: Variant = VARIANTS[key as keyof typeof VARIANTS];
  const { rates, takenRates, cpuMs, rowsWritten } = measured;
  const ratio = median(rates.map((rate, round) => rate / (baseline?.rates[round] ?? 1)));
  const target = key === "protobuf" ? " (target ≥ 0.6)" : "";
  return [
    { name, value: median(rates), unit: "samples/s" },
    ...(measured === baseline ? [] : [{ name: `  ratio${target}`, value: ratio }]),
    ...(key === "callers"
      ? [{ name: "  taken, to be settled", value: median(takenRates), unit: "samples/s" }]
      : []),
    { name: "  processor time, D1's included", value: median(cpuMs), unit: "ms/1,000" },
    { name: "  D1 rows written at ingest", value: rowsWritten, unit: "/sample" },
  ];
}

async function postAll(
  runtime: Runtime,
  org: string,
  { path, contentType }: Variant,
  bodies: readonly (string | Uint8Array)[],
): Promise<number> {
  const startedAt = performance.now();
  let next = 0;
  const connection = async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const headers = { "content-type": contentType };
      const answer = await runtime.send("POST", `/v1/orgs/${org}/${path}`, { body, headers });
      const isWhole = !answer.body.includes("ejected") || answer.body.includes('"rejected":[]');
      if (answer.status !== 200 || !isWhole) throw new Error(`${answer.status} ${answer.body}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return performance.now() - startedAt;
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
