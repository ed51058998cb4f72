/** The tools of a plugin, as its server's lists defined them, and the end of a quarantine. */
import { acceptTool } from "#gateway/plugins/accept-tool.ts";
import { findToolPage, type ListedTool } from "#gateway/plugins/store/tool-rows.ts";
import { cursor, cursorFormat, limit, pageOf } from "#http/pagination.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { operatorOf } from "#orgs/http/caller.ts";
import { shardDatabase } from "#platform/shards.ts";
import { pluginAsked, toolAsked } from "./asked-plugin.ts";
import { PLUGIN_PATH } from "./plugin-routes.ts";
import { AcceptedToolSchema, acceptanceBody, ToolsSchema, toolJson } from "./tool-json.ts";

const CURSOR = cursorFormat("plugin_tools", ["number", "string"]);

export const pluginToolRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: `${PLUGIN_PATH}/tools`,
      operationId: "listPluginTools",
      summary: "List a plugin's tools, pinned by the hashes of their definitions",
      description:
        "Those seen first last of all; of one list by name. A plugin has 1,000 tools and 1 MiB of definitions, those " +
        "that are gone included, of which the ones gone longest make room.",
      scope: "org:admin",
      query: { limit, cursor: cursor(CURSOR) },
      answers: {
        200: { description: "The tools", content: { "application/json": ToolsSchema } },
      },
    },
    async (c, { query }) => {
      const plugin = await pluginAsked(c);
      const page = { before: query.cursor, limit: query.limit + 1 };
      const rows = await findToolPage(shardDatabase(c.env, c.var.org.shard), plugin, page);
      const position = ({ firstSeenMs, name }: ListedTool): [number, string] => [firstSeenMs, name];
      const { items, nextCursor } = pageOf(rows, query.limit, CURSOR, position);
      return c.json({ tools: items.map(toolJson), next_cursor: nextCursor });
    },
  ),
  route(
    {
      method: "post",
      path: `${PLUGIN_PATH}/tools/:tool/accept`,
      operationId: "acceptPluginTool",
      summary: "Accept a tool's definition, which ends its quarantine",
      description:
        "Effective within 30 s everywhere. Accepting what is not quarantined changes nothing.",
      scope: "org:admin",
      body: acceptanceBody,
      answers: {
        200: { description: "The tool", content: { "application/json": AcceptedToolSchema } },
      },
      problems: [409],
    },
    async (c, { body }) => {
      const { org } = c.var;
      const plugin = await pluginAsked(c);
      const asked = { tool: toolAsked(c), hash: body.hash ?? null };
      return c.json(await acceptTool(c.env, org, plugin, asked, operatorOf(c, org.org)));
    },
  ),
];
