/**
 * What the Collector does with spans beside us. Neither keeps anything: a Collector that is killed has lost its
 * counts, and one that is sent a batch again has counted it twice.
 */
import { OTLP_RECEIVER } from "../../e2e/fleet/collector.ts";

const EXPORTED_AT = "/metrics";
/** The sum of these is the spans that were counted. */
const CALLS = /^traces_span_metrics_calls_total\{.*\} (\S+)$/gm;

/** The least that one does: reads the body, builds the spans, and drops them. */
export function droppingConfig(): object {
  return {
    receivers: { otlp: OTLP_RECEIVER },
    exporters: { nop: {} },
    service: service({ traces: { receivers: ["otlp"], exporters: ["nop"] } }),
  };
}

/**
 * Calls and durations by series, for Prometheus: by service, span and tool, and as it does by default else, with a
 * histogram of 17 buckets. Spans are added up before they are acknowledged; each 15 s what was added up is handed to
 * the exporter, which like our fold is nobody's round.
 */
export function countingConfig(port: number): object {
  const dimensions = [{ name: "gen_ai.tool.name" }];
  return {
    receivers: { otlp: OTLP_RECEIVER },
    connectors: { span_metrics: { dimensions, metrics_flush_interval: "15s" } },
    exporters: { prometheus: { endpoint: `127.0.0.1:${port}` } },
    service: service({
      traces: { receivers: ["otlp"], exporters: ["span_metrics"] },
      metrics: { receivers: ["span_metrics"], exporters: ["prometheus"] },
    }),
  };
}

/** Spans that the exporter on this port tells of. */
export async function countedSpans(port: number): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${port}${EXPORTED_AT}`)).text();
  return [...page.matchAll(CALLS)].reduce((sum, [, value]) => sum + Number(value), 0);
}

function service(pipelines: object): object {
  return { telemetry: { metrics: { level: "none" } }, pipelines };
}
