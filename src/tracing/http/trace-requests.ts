/**
 * Every request as a SERVER span, by OpenTelemetry's semantic conventions for HTTP
 * (docs/http/http-spans.md, "HTTP server"). The span holds nothing that may be a secret: no query, no
 * header but the caller's user agent, no address.
 */
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { type AttributeValue, SPAN_KIND } from "#formats/otlp/trace-model.ts";
import { extractContext } from "#formats/trace-context/trace-context.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { runInSpan } from "#tracing/active-span.ts";
import { methodOf } from "#tracing/http-method.ts";
import { isSpanExport } from "#tracing/post-spans.ts";
import { tracedEnv } from "#tracing/traced-env.ts";
import type { Tracer } from "#tracing/tracer.ts";

/** A caller may send a user agent and a path of any length: what is beyond these is cut. */
const USER_AGENT_LENGTH_MAX = 256;
const PATH_LENGTH_MAX = 1_024;
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 429]);

export function traceRequests(tracer: Tracer): MiddlewareHandler<AppEnv> {
  return async function traceRequests(c, next) {
    if (isSpanExport(c.req.header("user-agent"))) return next();
    const env = tracedEnv(c.env);
    c.env = env;
    const owner = {
      env,
      org: () => c.var.org ?? null,
      isTrusted: () => c.var.isAuthenticated === true,
      isServed: () => !REFUSALS.has(c.res.status),
    };
    const received = extractContext(c.req.raw.headers);
    const describe = () => describeRequest(c);
    const trace = tracer.begin({ received, describe, nowMs: Date.now(), owner });
    try {
      await runInSpan(trace.root, next);
    } finally {
      if (c.res.status >= 500) trace.root.errorType = String(c.res.status);
      const end = () => {
        trace.end();
        return tracer.finish(trace, owner);
      };
      afterAnswer(c, c.var.answered === undefined ? end() : c.var.answered.then(end));
    }
  };
}

/** Without an execution context, as in a test that calls the app itself, nothing waits for the work. */
function afterAnswer(c: Context<AppEnv>, work: Promise<void>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Hono throws where there is no execution context.
  }
}

function describeRequest(c: Context<AppEnv>) {
  const { protocol, hostname, port, pathname } = new URL(c.req.url);
  const { name: method, attributes } = methodOf(c.req.method);
  const route = routeOf(c);
  const all = new Map<string, AttributeValue>([
    ...attributes,
    ["url.scheme", protocol.slice(0, -1)],
    ["url.path", pathname.slice(0, PATH_LENGTH_MAX)],
    ["server.address", hostname],
    ["http.response.status_code", c.res.status],
    ["mcpg.request_id", c.var.requestId],
  ]);
  if (port !== "") all.set("server.port", Number(port));
  if (route !== null) all.set("http.route", route);
  const userAgent = c.req.header("user-agent");
  if (userAgent) all.set("user_agent.original", userAgent.slice(0, USER_AGENT_LENGTH_MAX));
  if (c.var.org) all.set("mcpg.org", c.var.org.org);
  for (const [key, value] of c.var.operation?.attributes ?? []) all.set(key, value);
  const name = c.var.operation?.name ?? (route === null ? method : `${method} ${route}`);
  return { name, kind: SPAN_KIND.server, attributes: all };
}

/**
 * The pattern of the request's route: the last one that matched is the handler's. Middleware alone, with a
 * wildcard, is no route.
 */
function routeOf(c: Context<AppEnv>): string | null {
  const path = matchedRoutes(c).at(-1)?.path ?? "*";
  return path.includes("*") ? null : path;
}
