/** Header values of plugins as they lie in the database: each is bound to its plugin, its name, and its origin. */
import { originOf } from "#streams/endpoint.ts";
import { sealOf } from "#vault/seal.ts";
import type { PluginPlace } from "./plugin.ts";

export interface PluginHeadersOwner extends PluginPlace {
  readonly org: string;
  readonly url: string;
}

type Headers = Readonly<Record<string, string>>;

export function sealPluginHeaders(
  kek: Uint8Array,
  owner: PluginHeadersOwner,
  headers: Headers,
): Promise<Headers> {
  return mapHeaders(kek, owner, headers, "close");
}

/** Throws if a value was sealed under another key, is bound to another place or origin, or was altered. */
export function openPluginHeaders(
  kek: Uint8Array,
  owner: PluginHeadersOwner,
  headers: Headers,
): Promise<Headers> {
  return mapHeaders(kek, owner, headers, "open");
}

async function mapHeaders(
  kek: Uint8Array,
  { org, workspace, plugin, url }: PluginHeadersOwner,
  headers: Headers,
  change: "close" | "open",
): Promise<Headers> {
  const entries = Object.entries(headers);
  if (entries.length === 0) return {};
  const seal = await sealOf(kek, "pluginHeader", org);
  const origin = originOf(url);
  const changed = entries.map(
    async ([header, value]) =>
      [header, await seal[change](value, [workspace, plugin, header, origin])] as const,
  );
  return Object.fromEntries(await Promise.all(changed));
}
