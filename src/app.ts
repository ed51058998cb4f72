/** The whole HTTP surface: each list states its routes, who may use them, and what the document says of them. */
import "#/capabilities.ts";
import { Hono } from "hono";
import { auditRoutes } from "#audit/http/audit-routes.ts";
import { probeLedger } from "#audit/ledger-stub.ts";
import { findSigningFaults } from "#audit/signing/signing-faults.ts";
import { activityRoutes } from "#calls/http/activity-routes.ts";
import { callRoutes } from "#calls/http/call-routes.ts";
import { changeRoutes } from "#calls/http/change-routes.ts";
import { instanceRoutes } from "#calls/http/instance-routes.ts";
import { lagRoutes } from "#calls/http/lag-routes.ts";
import { metricsRoutes } from "#calls/http/metrics-routes.ts";
import { rollupRoutes } from "#calls/http/rollup-routes.ts";
import { sampleFigureRoutes } from "#calls/http/sample-figure-routes.ts";
import { seriesRoutes } from "#calls/http/series-routes.ts";
import { topRoutes } from "#calls/http/top-routes.ts";
import { valueRoutes } from "#calls/http/value-routes.ts";
import { deliveryRoutes } from "#delivery/http/delivery-routes.ts";
import { traceRoutes } from "#drilldown/http/trace-routes.ts";
import { gatewayMetricsRoutes } from "#gateway/figures/http/gateway-metrics-routes.ts";
import { identify } from "#gateway/identity/http/identify.ts";
import { identityRoutes } from "#gateway/identity/http/identity-routes.ts";
import { preflightRoutes } from "#gateway/identity/http/preflight-routes.ts";
import { pluginRoutes } from "#gateway/plugins/http/plugin-routes.ts";
import { pluginToolRoutes } from "#gateway/plugins/http/tool-routes.ts";
import { policyRoutes } from "#gateway/policy/http/policy-routes.ts";
import { mcpRoutes } from "#gateway/proxy/http/mcp-routes.ts";
import { answerHeaders } from "#http/answer-headers.ts";
import { dashboardRoutes } from "#http/dashboard-routes.ts";
import { healthRoutes } from "#http/health.ts";
import { onError, onNotFound } from "#http/problem.ts";
import { mount } from "#http/route.ts";
import { serviceRoutes } from "#http/service-routes.ts";
import type { Access, AppRoute } from "#orgs/http/access.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { authorise } from "#orgs/http/authorise.ts";
import { documentRoutes } from "#orgs/http/document-routes.ts";
import { keyRoutes } from "#orgs/http/key-routes.ts";
import { orgListRoutes } from "#orgs/http/org-list-routes.ts";
import { orgRoutes } from "#orgs/http/org-routes.ts";
import { recordActions } from "#orgs/http/record-actions.ts";
import { serviceTokenRoutes } from "#orgs/http/service-token-routes.ts";
import { sessionRoutes } from "#orgs/http/session-routes.ts";
import { otlpRoutes } from "#otlp/http/otlp-routes.ts";
import { payloadRoutes } from "#payloads/http/payload-routes.ts";
import { probeDatabases } from "#platform/d1/database-probe.ts";
import { probeSettings } from "#platform/setting-faults.ts";
import { redactionRoutes } from "#redaction/http/redaction-routes.ts";
import { streamRoutes } from "#streams/http/stream-routes.ts";
import { traceRequests } from "#tracing/http/trace-requests.ts";
import { tracer } from "#tracing/isolate-tracer.ts";
import { findKekFaults } from "#vault/kek-faults.ts";

const stated: readonly AppRoute[] = [
  // Who exists
  ...sessionRoutes,
  ...orgListRoutes,
  ...orgRoutes,
  ...serviceTokenRoutes,
  ...keyRoutes,
  ...streamRoutes,
  ...redactionRoutes,
  ...deliveryRoutes,
  ...policyRoutes,
  // Which servers they call
  ...pluginRoutes,
  ...pluginToolRoutes,
  // What their tools did
  ...callRoutes,
  ...traceRoutes,
  ...payloadRoutes,
  ...otlpRoutes,
  ...metricsRoutes,
  ...rollupRoutes,
  ...instanceRoutes,
  ...activityRoutes,
  ...sampleFigureRoutes,
  ...topRoutes,
  ...lagRoutes,
  ...changeRoutes,
  ...valueRoutes,
  ...seriesRoutes,
  // What was allowed
  ...auditRoutes,
  // What the gateway did
  ...gatewayMetricsRoutes,
  // Who calls their tools, and how
  ...identityRoutes,
  ...preflightRoutes,
  ...mcpRoutes,
  // The service itself
  ...healthRoutes<AppEnv, Access>({ scope: null }, [
    probeDatabases,
    probeLedger,
    probeSettings(findSigningFaults),
    probeSettings(findKekFaults),
  ]),
  ...serviceRoutes<AppEnv, Access>({ scope: null }),
  // The page for people
  ...dashboardRoutes<AppEnv, Access>({ scope: null }),
];

export const routes: readonly AppRoute[] = [...stated, ...documentRoutes(stated)];

export function appOf(served: readonly AppRoute[]): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(traceRequests(tracer));
  app.use(answerHeaders());
  app.use(recordActions());
  app.onError(onError);
  app.notFound(onNotFound);
  mount(app, served, (access) => (access.alsoBy === "jwt" ? identify(access) : authorise(access)));
  return app;
}

export const app = appOf(routes);
