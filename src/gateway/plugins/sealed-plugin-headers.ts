/** Header values of plugins as they lie in the database: each is bound to its plugin, its name, and its origin. */
import type { Env } from "#platform/env.ts";
import { originOf } from "#streams/endpoint.ts";
import type { KeyedOrg } from "#vault/data-key-purpose.ts";
import { dataSeal } from "#vault/data-seal.ts";
import type { PluginPlace } from "./plugin.ts";

export interface PluginHeadersOwner extends PluginPlace {
  readonly org: KeyedOrg;
  readonly url: string;
}

type Headers = Readonly<Record<string, string>>;

export function sealPluginHeaders(
  env: Env,
  owner: PluginHeadersOwner,
  headers: Headers,
): Promise<Headers> {
  return mapHeaders(env, owner, headers, "close");
}

/** Throws if a value was sealed under another key, is bound to another place or origin, or was altered. */
export function openPluginHeaders(
  env: Env,
  owner: PluginHeadersOwner,
  headers: Headers,
): Promise<Headers> {
  return mapHeaders(env, owner, headers, "open");
}

async function mapHeaders(
  env: Env,
  { org, workspace, plugin, url }: PluginHeadersOwner,
  headers: Headers,
  change: "close" | "open",
): Promise<Headers> {
  const entries = Object.entries(headers);
  if (entries.length === 0) return {};
  const seal = dataSeal(env, org, "plugin_header");
  const origin = originOf(url);
  const changed = entries.map(
    async ([header, value]) =>
      [header, await seal[change](value, [workspace, plugin, header, origin])] as const,
  );
  return Object.fromEntries(await Promise.all(changed));
}
