/** An org's plugins and what their servers said, for as long as it has them: see src/orgs/org-lifecycle.ts. */

import { findPluginBytes } from "#gateway/plugins/store/plugin-bytes.ts";
import { deletePluginsOfOrg } from "#gateway/plugins/store/plugin-rows.ts";
import type { OrgPart } from "#orgs/org-lifecycle.ts";

/** A definition has 1 KB, so that a chunk is half a megabyte; at worst each has 256, of 1 MiB a plugin. */
const TOOL_ROWS_MAX = 500;
const ROWS_MAX = 5_000;

export const pluginsPart: OrgPart = {
  name: "plugins",
  close: (directory, org) => [deletePluginsOfOrg(directory, org)],
  size: { queries: 1, bytes: findPluginBytes },
  tables: [
    { table: "plugin_tools", key: "workspace, plugin, tool", rowsMax: TOOL_ROWS_MAX },
    { table: "plugin_lists", key: "workspace, plugin", rowsMax: ROWS_MAX },
    { table: "plugin_health", key: "workspace, plugin", rowsMax: ROWS_MAX },
    { table: "plugin_entries", key: "id", rowsMax: ROWS_MAX },
  ],
};
