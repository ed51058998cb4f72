/** Plugins on the wire. */
import * as Type from "typebox";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { type StoredPlugin, TOOL_CHANGE_RULES } from "#gateway/plugins/plugin.ts";
import type { StoredHealth } from "#gateway/plugins/store/health-rows.ts";

const NullableTime = Type.Unsafe<string | null>({ type: ["string", "null"], format: "date-time" });
const NullableText = Type.Unsafe<string | null>({ type: ["string", "null"] });
const Count = Type.Integer({ minimum: 0 });

const HealthSchema = Type.Object(
  {
    state: Type.Enum(["unknown", "ok", "failing"], {
      description: "`failing`: the last call that was noted got no answer",
    }),
    last_ok_at: NullableTime,
    last_fault_at: NullableTime,
    last_fault: Type.Unsafe<string | null>({
      type: ["string", "null"],
      description:
        "A stable word: `unreachable`, `timeout`, `redirect`, `forbidden_address`, `upstream_<status>`, `not_mcp`, …",
    }),
    consecutive_failures: Count,
    tools: Type.Object({ active: Count, quarantined: Count, gone: Count }),
    skipped_tools: Type.Unsafe<Record<string, number>>({
      type: "object",
      additionalProperties: { type: "integer" },
      description:
        "How many tools of the last whole list are not known, by why: `not_a_tool`, `bad_name`, `too_many_tools`",
    }),
  },
  { title: "PluginHealth" },
);

const stated = {
  workspace: Type.String(),
  plugin: Type.String(),
  url: Type.String(),
  headers: Type.Unsafe<Record<string, null>>({
    type: "object",
    additionalProperties: { type: "null" },
    description: "Names; values are never returned",
  }),
  timeout_ms: Type.Integer(),
  on_tool_change: Type.Enum([...TOOL_CHANGE_RULES]),
  capture_payloads: Type.Unsafe<boolean | null>({ type: ["boolean", "null"] }),
  created_at: Type.String({ format: "date-time" }),
  updated_at: Type.String({ format: "date-time" }),
  health: HealthSchema,
};

export const PluginSchema = Type.Object(stated, { title: "Plugin" });
export const PluginsSchema = Type.Object({
  plugins: Type.Array(PluginSchema),
  next_cursor: NullableText,
});

/** Names each member that it shows, so that no sealed value can slip out. */
export function pluginJson(
  plugin: StoredPlugin,
  health: StoredHealth | undefined,
): Type.Static<typeof PluginSchema> {
  return {
    workspace: plugin.workspace,
    plugin: plugin.plugin,
    url: plugin.url,
    headers: Object.fromEntries(plugin.headerNames.map((name) => [name, null])),
    timeout_ms: plugin.timeoutMs,
    on_tool_change: plugin.onToolChange,
    capture_payloads: plugin.capturesPayloads,
    created_at: formatTimestamp(plugin.createdAtMs),
    updated_at: formatTimestamp(plugin.updatedAtMs),
    health: healthJson(health),
  };
}

function healthJson(health: StoredHealth | undefined): Type.Static<typeof HealthSchema> {
  const { okMs = null, faultMs = null, fault = null, failures = 0 } = health ?? {};
  const { active = 0, quarantined = 0, gone = 0, faults = null } = health ?? {};
  return {
    state: stateOf(okMs, failures),
    last_ok_at: timeOrNull(okMs),
    last_fault_at: timeOrNull(faultMs),
    last_fault: fault,
    consecutive_failures: failures,
    tools: { active, quarantined, gone },
    skipped_tools: faults === null ? {} : JSON.parse(faults),
  };
}

function stateOf(okMs: number | null, failures: number) {
  if (failures > 0) return "failing";
  return okMs === null ? "unknown" : "ok";
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : formatTimestamp(ms);
}

export const ProbeSchema = Type.Object(
  {
    ok: Type.Boolean(),
    protocol: Type.Unsafe<string | null>({
      type: ["string", "null"],
      description: "The version of MCP that was spoken",
    }),
    server: Type.Unsafe<{ name: string; version: string } | null>({
      type: ["object", "null"],
      properties: { name: { type: "string" }, version: { type: "string" } },
      description: "As the server calls itself",
    }),
    tools: Type.Unsafe<number | null>({
      type: ["integer", "null"],
      description: "How many tools its list has",
    }),
    error: Type.Unsafe<string | null>({
      type: ["string", "null"],
      description: "A stable word, as `last_fault` of its health; null if all went well",
    }),
    plugin: PluginSchema,
  },
  { title: "Probe" },
);
