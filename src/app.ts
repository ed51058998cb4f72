/** The whole HTTP surface. Each router states its routes, their scopes and their OpenAPI entries. */
import "#capabilities.ts";
import { Hono } from "hono";
import { audit } from "#audit/http/audit-routes.ts";
import { invocations } from "#calls/http/call-routes.ts";
import { instances } from "#calls/http/instance-routes.ts";
import { metrics } from "#calls/http/metrics-routes.ts";
import { rollups } from "#calls/http/rollup-routes.ts";
import { describeOperation } from "#http/describe-operation.ts";
import { health } from "#http/health.ts";
import { openapi } from "#http/openapi.ts";
import { onError, onNotFound } from "#http/problem.ts";
import { requestId } from "#http/request-id.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { orgs } from "#orgs/http/org-routes.ts";
import { recordOperatorActions } from "#orgs/http/record-actions.ts";
import { serviceTokens } from "#orgs/http/service-token-routes.ts";
import { otlpTraces } from "#otlp/http/otlp-routes.ts";
import { observability, observabilityStatus } from "#streams/http/stream-routes.ts";
import { traceRequests } from "#tracing/http/trace-requests.ts";
import { tracer } from "#tracing/isolate-tracer.ts";

export const app = new Hono<AppEnv>();

app.use(traceRequests(tracer));
app.use(requestId());
app.use(recordOperatorActions());
app.onError(onError);
app.notFound(onNotFound);

// Who exists
app.route("/v1/orgs", orgs);
app.route("/v1/orgs/:org/service-tokens", serviceTokens);
app.route("/v1/orgs/:org/observability", observability);
app.route("/v1/orgs/:org/observability/status", observabilityStatus);

// What their tools did
app.route("/v1/orgs/:org/invocations", invocations);
app.route("/v1/orgs/:org/otlp/v1/traces", otlpTraces);
app.route("/v1/orgs/:org/metrics", metrics);
app.route("/v1/orgs/:org/rollups", rollups);
app.route("/v1/orgs/:org/instances", instances);

// What was allowed
app.route("/v1/orgs/:org/audit", audit);

// The service itself
app.route("/", health);
app.get(
  "/openapi.json",
  describeOperation({
    summary: "This document",
    scope: null,
    answers: { 200: { description: "OpenAPI 3.1" } },
  }),
  openapi(app),
);
