/** Which of an org's data keys its plugins' headers are sealed with, and sealing them with the newest. */
import {
  countSealedHeaders,
  findSealedBelow,
  updatePlugin,
} from "#gateway/plugins/store/plugin-rows.ts";
import type { KeyUse } from "#vault/key-uses.ts";
import { forgetPlugin } from "./find-plugin.ts";
import { openPluginHeaders, sealPluginHeaders } from "./sealed-plugin-headers.ts";

/** A row has 64 KiB at most. */
const PLUGINS_AT_ONCE = 8;

export const pluginKeyUse: KeyUse = {
  purpose: "plugin_header",
  // The plugins, their rows anew, what is left, and a key of each version before.
  queries: 2 + PLUGINS_AT_ONCE + 8,
  count: (env, { org }) => countSealedHeaders(env.DIRECTORY, org),
  async reseal(env, org, newest) {
    const below = { version: newest, limit: PLUGINS_AT_ONCE };
    const plugins = await findSealedBelow(env.DIRECTORY, org.org, below);
    for (const plugin of plugins) {
      const { workspace, plugin: name, url, sealedHeaders: sealed } = plugin;
      const owner = { org, workspace, plugin: name, url };
      const headers = await openPluginHeaders(env, owner, sealed);
      const sealedHeaders = await sealPluginHeaders(env, owner, headers);
      // Changed meanwhile: the next turn looks again.
      await updatePlugin(env.DIRECTORY, plugin, { ...plugin, sealedHeaders }, null);
      forgetPlugin(plugin);
    }
    return plugins.length === PLUGINS_AT_ONCE ? "more" : "done";
  },
};
