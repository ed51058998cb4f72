/**
 * Links from a call to what a user looks at besides: their trace UI and their Prometheus, by templates of their own.
 * A template becomes a link, so it is one of https (of http on this very machine), whatever else is written into it.
 */

export type TemplateFault = "no_address" | "not_https" | "no_trace_id";

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;
const TRACE_ID = "{trace_id}";
/** Each name stands for one value of the call. */
const PLACEHOLDER = /\{(trace_id|span_id)\}/g;

/** Null where the template makes links; `{trace_id}` has to be in it. */
export function traceTemplateFault(template: string): TemplateFault | null {
  const fault = addressFault(template.replaceAll(PLACEHOLDER, "0"));
  if (fault !== null) return fault;
  return template.includes(TRACE_ID) ? null : "no_trace_id";
}

/** Of the address that Prometheus' own pages are at. */
export function prometheusFault(base: string): TemplateFault | null {
  return addressFault(base);
}

function addressFault(text: string): TemplateFault | null {
  if (!URL.canParse(text)) return "no_address";
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return "no_address";
  if (protocol === "https:") return null;
  return protocol === "http:" && LOOPBACK.test(hostname) ? null : "not_https";
}

interface TracedCall {
  readonly trace_id: string | null;
  readonly span_id: string | null;
}

/** Null where the template is none, or the call has no trace. */
export function traceLink(template: string, call: TracedCall): string | null {
  if (traceTemplateFault(template) !== null || call.trace_id === null) return null;
  const values: Record<string, string> = { trace_id: call.trace_id, span_id: call.span_id ?? "" };
  return template.replaceAll(PLACEHOLDER, (_, name: string) => encodeURIComponent(values[name]!));
}

interface CountedCall {
  readonly workspace: string;
  readonly plugin: string;
  readonly tool: string;
  readonly started_at: string;
}

/** The tool's calls by outcome, in the hour around the call. */
export function prometheusLink(base: string, org: string, call: CountedCall): string | null {
  if (prometheusFault(base) !== null) return null;
  const labels = { org, workspace: call.workspace, plugin: call.plugin, tool: call.tool };
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${quoted(value)}`);
  const rate = `rate(mcpg_tool_invocations_total{${matchers.join(",")}}[5m])`;
  const endMs = Date.parse(call.started_at) + 30 * 60_000;
  const query = new URLSearchParams({
    "g0.expr": `sum by (outcome) (${rate})`,
    "g0.tab": "0",
    "g0.range_input": "1h",
    "g0.end_input": new Date(endMs).toISOString().slice(0, 19).replace("T", " "),
  });
  return `${base.replace(/\/+$/, "")}/graph?${query}`;
}

/** A PromQL string escapes as Go's do; JSON's escapes are a part of these. */
function quoted(value: string): string {
  return JSON.stringify(value.toWellFormed());
}
