/**
 * A request to another service within a trace: a CLIENT span by OpenTelemetry's semantic conventions for
 * HTTP (docs/http/http-spans.md), whose context goes along in the headers. The export of spans does not use
 * it: that would trace itself.
 */
import { type AttributeValue, SPAN_KIND } from "#formats/otlp/trace-model.ts";
import { injectContext, type TraceContext } from "#formats/trace-context/trace-context.ts";
import { type ActiveSpan, activeSpan, measured } from "./active-span.ts";
import { methodOf } from "./http-method.ts";
import { contextWithin } from "./trace-placement.ts";

export type Fetch = (request: Request) => Promise<Response>;

const plainFetch: Fetch = (request) => fetch(request);

export async function tracedFetch(request: Request, send: Fetch = plainFetch): Promise<Response> {
  return measured(
    () => requestDescription(request),
    async (span) => {
      const response = await send(await withContext(request, span ?? activeSpan()));
      span?.set("http.response.status_code", response.status);
      if (span !== null && response.status >= 400) span.errorType = String(response.status);
      return response;
    },
  );
}

/** The context of what runs now, for carriers other than the headers of `tracedFetch`. */
export async function currentContext(span = activeSpan()): Promise<TraceContext | null> {
  return span === null ? null : contextWithin(await span.trace.place(), span.id);
}

/** Whatever the request said of a trace before is replaced: which trace it is part of is ours to say. */
async function withContext(request: Request, span: ActiveSpan | null): Promise<Request> {
  const context = await currentContext(span);
  if (context === null) return request;
  const { traceparent, tracestate } = injectContext(context, context.spanId);
  const carrying = new Request(request);
  carrying.headers.set("traceparent", traceparent);
  if (tracestate === undefined) carrying.headers.delete("tracestate");
  else carrying.headers.set("tracestate", tracestate);
  return carrying;
}

/** `url.full` without its query and credentials, which may hold secrets. */
function requestDescription({ url, method }: Request) {
  const { protocol, host, hostname, port, pathname } = new URL(url);
  const { name, attributes } = methodOf(method);
  const all = new Map<string, AttributeValue>([
    ...attributes,
    ["url.full", `${protocol}//${host}${pathname}`],
    ["server.address", hostname],
    ["server.port", Number(port) || (protocol === "https:" ? 443 : 80)],
  ]);
  return { name, kind: SPAN_KIND.client, attributes: all };
}
