/** Plugins as calls look them up: through a cache in the isolate, as orgs and tokens are. */

import { findStoredPlugin } from "#gateway/plugins/store/plugin-rows.ts";
import { lookUpOrg } from "#orgs/directory.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { type Plugin, pluginKey, type StoredPlugin } from "./plugin.ts";
import { openPluginHeaders } from "./sealed-plugin-headers.ts";

/** A change is in force everywhere within 30 s. Most entries have 1 KB, one with every header 70 KB. */
const plugins = new ExpiringMap<StoredPlugin>({ ttlMs: 30_000, entriesMax: 1_024 });

/** For as long as the plugin is remembered, and no longer: a call needs them without a wait. */
const opened = new WeakMap<Plugin, Readonly<Record<string, string>>>();

export function findPlugin(
  env: Env,
  { org }: Pick<Org, "org">,
  workspace: string,
  plugin: string,
): Promise<Plugin | null> {
  return plugins.getOrLoad(pluginKey({ org, workspace, plugin }), Date.now(), () =>
    findStoredPlugin(env.DIRECTORY, org, { workspace, plugin }),
  );
}

/** Where a change was made, it is in force at once. */
export function forgetPlugin(place: Pick<Plugin, "org" | "workspace" | "plugin">): void {
  plugins.evict(pluginKey(place));
}

/**
 * What the plugin's server is to be sent, of a plugin that `findPlugin` gave. Throws where a value cannot be opened:
 * nothing is sent without its credential.
 */
export async function pluginHeaders(
  env: Env,
  plugin: Plugin,
): Promise<Readonly<Record<string, string>>> {
  const known = opened.get(plugin);
  if (known !== undefined) return known;
  const { sealedHeaders } = plugin as StoredPlugin;
  const { workspace, plugin: name, url } = plugin;
  const org = (await lookUpOrg(env, plugin.org, Date.now())) ?? fail({ kind: "not_found" });
  const owner = { org, workspace, plugin: name, url };
  const headers = await openPluginHeaders(env, owner, sealedHeaders);
  // Not the promise: another request that awaits it would wait for ever, were this one cut off.
  opened.set(plugin, headers);
  return headers;
}
