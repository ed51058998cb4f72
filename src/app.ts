/** The whole HTTP surface. Each router states its routes, their scopes and their OpenAPI entries. */
import { Hono } from "hono";
import type { AppEnv } from "./http/app-env.ts";
import { audit } from "./http/audit/router.ts";
import { describeOperation } from "./http/describe-operation.ts";
import { forwardOperatorActions } from "./http/forward-actions.ts";
import { health } from "./http/health.ts";
import { instances } from "./http/instances.ts";
import { invocations } from "./http/invocations.ts";
import { metrics } from "./http/metrics.ts";
import { observability, observabilityStatus } from "./http/observability.ts";
import { openapi } from "./http/openapi.ts";
import { orgs } from "./http/orgs.ts";
import { otlpTraces } from "./http/otlp-traces.ts";
import { onError, onNotFound } from "./http/problem.ts";
import { requestId } from "./http/request-id.ts";
import { rollups } from "./http/rollups.ts";
import { serviceTokens } from "./http/service-tokens.ts";
import { traceRequests } from "./http/trace-requests.ts";
import { tracer } from "./tracer.ts";

export const app = new Hono<AppEnv>();

app.use(traceRequests(tracer));
app.use(requestId());
app.use(forwardOperatorActions());
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
