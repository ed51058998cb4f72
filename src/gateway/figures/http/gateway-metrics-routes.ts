/** The deployment's own scrape: the gateway's metrics of all orgs on one page. */
import { readGatewayFigures } from "#gateway/figures/read-gateway-figures.ts";
import { answerExposition, askedExposition, EXPOSITION_CONTENT } from "#http/exposition-answer.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { FailureError } from "#platform/errors.ts";

export const gatewayMetricsRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/metrics",
      operationId: "scrapeGateway",
      summary: "The gateway's metrics for Prometheus, of all orgs",
      description:
        "Every MCP request and notification that the gateway was sent, by org, workspace, plugin, method, tool, " +
        "outcome, error.type and protocol version: `mcp_server_operation_duration_seconds` by OpenTelemetry's " +
        "conventions for MCP, and `mcpg_gateway_operations_total`. From the store, within about a second; what an " +
        "isolate noted in its last second goes with it if it is ended. 10,000 label sets at most, then `__other__`; " +
        "one that is idle for 30 days leaves. Calls are counted exactly in `/v1/orgs/{org}/metrics`, under other names.",
      scope: "deployment-metrics",
      query: {},
      isLenient: true,
      problems: [503],
      answers: {
        200: { description: "Each shard's snapshot, whole", content: EXPOSITION_CONTENT },
      },
    },
    async (c) => {
      const asked = askedExposition(c);
      try {
        return answerExposition(c, asked, await readGatewayFigures(c.env, Date.now()));
      } catch (cause) {
        throw new FailureError({ kind: "unavailable", retryAfterSeconds: 5 }, { cause });
      }
    },
  ),
];
