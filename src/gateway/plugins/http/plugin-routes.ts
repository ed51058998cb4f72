/** Plugins: MCP servers behind the gateway, registered, changed, removed and probed. */
import type { Context } from "hono";
import { putPlugin, removePlugin } from "#gateway/plugins/change-plugin.ts";
import type { StoredPlugin } from "#gateway/plugins/plugin.ts";
import { parsePlugin, type WantedPlugin } from "#gateway/plugins/plugin-request.ts";
import { type PluginSettings, pluginSettings } from "#gateway/plugins/plugin-schema.ts";
import { probePlugin } from "#gateway/plugins/probe/probe-plugin.ts";
import { findHealth } from "#gateway/plugins/store/health-rows.ts";
import { findPluginsOfOrg } from "#gateway/plugins/store/plugin-rows.ts";
import { cursor, cursorFormat, limit, pageOf } from "#http/pagination.ts";
import { jsonBody } from "#http/request-body.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { operatorOf } from "#orgs/http/operator-of.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { endpointRules } from "#streams/endpoint-rules.ts";
import { placeAsked, placeToPut, pluginAsked } from "./asked-plugin.ts";
import { PluginSchema, PluginsSchema, ProbeSchema, pluginJson } from "./plugin-json.ts";

export const PLUGIN_PATH = "/v1/orgs/:org/workspaces/:workspace/plugins/:plugin";
const PLUGIN = { "application/json": PluginSchema };
/** Sixteen header values of 4,096 characters, and the rest. */
const LIMIT = { bytesMax: 131_072 };
const CURSOR = cursorFormat("plugins", ["string"]);

export const pluginRoutes: readonly AppRoute[] = [
  route(
    {
      method: "put",
      path: PLUGIN_PATH,
      operationId: "putPlugin",
      summary: "Register a plugin, or change it",
      description:
        "Replaces all that is set of it. Names of workspaces and plugins have 1 to 128 printable characters, NFC, " +
        "no slash, and are not dots alone. In force within 30 s everywhere. An org has 1,000 plugins at most (409).",
      scope: "org:admin",
      body: jsonBody(pluginSettings, LIMIT),
      answers: {
        200: { description: "The plugin as changed", content: PLUGIN },
        201: { description: "The plugin, which is new", content: PLUGIN },
      },
      problems: [409],
    },
    async (c, { body }) => {
      const { org } = c.var;
      const place = placeToPut(c);
      const wanted = checkPlugin(c, body);
      const by = operatorOf(c, org.org);
      const { plugin, isNew } = await putPlugin(c.env, org, place, wanted, by);
      return c.json(await shown(c, plugin), isNew ? 201 : 200);
    },
  ),
  route(
    {
      method: "get",
      path: PLUGIN_PATH,
      operationId: "getPlugin",
      summary: "A plugin, with its health",
      scope: "org:admin",
      answers: { 200: { description: "The plugin", content: PLUGIN } },
    },
    async (c) => c.json(await shown(c, await pluginAsked(c))),
  ),
  route(
    {
      method: "delete",
      path: PLUGIN_PATH,
      operationId: "removePlugin",
      summary: "Remove a plugin",
      description:
        "Its credentials, tools and health are erased with it: registered again, it is a new one. Effective within " +
        "30 s everywhere.",
      scope: "org:admin",
      answers: { 204: { description: "Removed" } },
    },
    async (c) => {
      const { org } = c.var;
      await removePlugin(c.env, org, placeAsked(c), operatorOf(c, org.org));
      return c.body(null, 204);
    },
  ),
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/plugins",
      operationId: "listPlugins",
      summary: "List plugins with their health, newest first",
      description: "Health is noted once a minute at most.",
      scope: "org:admin",
      query: { limit, cursor: cursor(CURSOR) },
      answers: {
        200: { description: "Without secrets", content: { "application/json": PluginsSchema } },
      },
    },
    async (c, { query }) => {
      const { org, shard } = c.var.org;
      const [before] = query.cursor ?? [null];
      const rows = await findPluginsOfOrg(c.env.DIRECTORY, org, { before, limit: query.limit + 1 });
      const position = ({ registration }: StoredPlugin): [string] => [registration];
      const { items, nextCursor } = pageOf(rows, query.limit, CURSOR, position);
      const health = await findHealth(shardDatabase(c.env, shard), org, items);
      const plugins = items.map((plugin) => pluginJson(plugin, health.get(plugin.registration)));
      return c.json({ plugins, next_cursor: nextCursor });
    },
  ),
  route(
    {
      method: "post",
      path: `${PLUGIN_PATH}/probe`,
      operationId: "probePlugin",
      summary: "Ask the plugin's server who it is and which tools it has",
      description:
        "Speaks 2026-07-28, else the newest earlier version that the server speaks; takes 30 s at most. Its tools " +
        "are learnt as they are from a list that passes through the gateway.",
      scope: "org:admin",
      answers: {
        200: { description: "What came of it", content: { "application/json": ProbeSchema } },
      },
    },
    async (c) => {
      const plugin = await pluginAsked(c);
      const probed = await probePlugin(c.env, c.var.org, plugin);
      const { protocol, server, tools, fault } = probed;
      const answer = { ok: fault === null, protocol, server, tools, error: fault };
      return c.json({ ...answer, plugin: await shown(c, plugin) });
    },
  ),
];

async function shown(c: Context<AppEnv>, plugin: StoredPlugin) {
  const { org, shard } = c.var.org;
  const health = await findHealth(shardDatabase(c.env, shard), org, [plugin]);
  return pluginJson(plugin, health.get(plugin.registration));
}

/** 400 with a pointer to whatever is wrong with it beyond its form. */
function checkPlugin(c: Context<AppEnv>, body: PluginSettings): WantedPlugin {
  const rules = endpointRules(c.env, [new URL(c.req.url).host]);
  const { wanted, errors } = parsePlugin(body, rules);
  return errors.length > 0 ? fail({ kind: "invalid_request", errors }) : wanted;
}
