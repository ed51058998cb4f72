/** A plugin: an MCP server that an org put behind the gateway, in one of its workspaces. */

/**
 * What becomes of a tool whose definition changes: it goes on, on the record, or nobody may call it until
 * somebody accepts the new definition.
 */
export const TOOL_CHANGE_RULES = ["record", "quarantine"] as const;
export type ToolChangeRule = (typeof TOOL_CHANGE_RULES)[number];

export interface PluginPlace {
  readonly workspace: string;
  readonly plugin: string;
}

export interface Plugin extends PluginPlace {
  readonly org: string;
  readonly url: string;
  readonly timeoutMs: number;
  readonly onToolChange: ToolChangeRule;
  /** Whether what its calls carry is captured; null: as the org has it. */
  readonly capturesPayloads: boolean | null;
  /** One more with each change. */
  readonly version: number;
  /** In lower case. */
  readonly headerNames: readonly string[];
  /** A UUIDv7: a name that is removed and registered again has another. */
  readonly registration: string;
}

/** As it is kept. */
export interface StoredPlugin extends Plugin {
  /** By name. */
  readonly sealedHeaders: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/**
 * Of an org. A plugin's row has 1 KB of settings and up to 64 KiB of sealed headers, and its tools 1 MiB at most:
 * 64 MB of the directory at worst. What a shard has of definitions counts as the org's size there, and where the
 * shard is full, the largest org's are refused as its samples are.
 */
export const PLUGINS_MAX = 1_000;

export const TIMEOUT_MS = {
  min: 100,
  max: 300_000,
  /** MCP's SDKs wait 60 s: their user is told what happened only by who gives up before them. */
  default: 55_000,
} as const;

/** Apart in maps of the isolate's: none of the three names has a NUL. */
export function pluginKey({ org, workspace, plugin }: Pick<Plugin, "org"> & PluginPlace): string {
  return `${org}\0${workspace}\0${plugin}`;
}

/** What entries name it by. */
export function pluginTarget({ workspace, plugin }: PluginPlace): string {
  return `plugin://${encodeURIComponent(workspace)}/${encodeURIComponent(plugin)}`;
}
