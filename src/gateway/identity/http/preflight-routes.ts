/** What browsers ask before a page may call (Fetch, "CORS-preflight request"). */
import { mayCall, preflightHeaders, readableBy } from "#gateway/identity/web-origin.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { fail } from "#platform/errors.ts";
import { checkSettings } from "#platform/settings.ts";

const PLUGIN = "/v1/orgs/:org/workspaces/:ws/plugins/:plugin/mcp";

export const preflightRoutes: readonly AppRoute[] = [
  route(
    {
      method: "options",
      path: PLUGIN,
      operationId: "preflightMcp",
      summary: "Whether a web page may call a plugin",
      description: "Of the deployment's own origin, and of those that the org allows.",
      scope: null,
      answers: { 204: { description: "It may, with a token" } },
      problems: [403],
    },
    async (c) => {
      checkSettings(c.env);
      const origin = c.req.header("origin");
      const isAllowed =
        origin !== undefined && (await mayCall(c.env, c.req.param("org") ?? "", origin));
      if (!isAllowed) return fail({ kind: "origin_not_allowed" });
      const asked = c.req.header("access-control-request-headers");
      const headers = [...readableBy(origin), ...preflightHeaders("GET, POST, DELETE", asked)];
      return new Response(null, { status: 204, headers });
    },
  ),
  route(
    {
      method: "options",
      path: `/.well-known/oauth-protected-resource${PLUGIN}`,
      operationId: "preflightResourceMetadata",
      summary: "That any web page may read where to get a token",
      scope: null,
      answers: { 204: { description: "It may" } },
    },
    (c) => {
      const asked = c.req.header("access-control-request-headers");
      const headers: [string, string][] = [
        ["access-control-allow-origin", "*"],
        ...preflightHeaders("GET", asked),
      ];
      return new Response(null, { status: 204, headers });
    },
  ),
];
