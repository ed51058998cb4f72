/** Plugins whose lists are learnt, as the gateway learns them, and what their orgs see of it. In workerd. */
import { vi } from "vitest";
import { learnTools } from "#gateway/plugins/learn-tools.ts";
import type { StoredPlugin } from "#gateway/plugins/plugin.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { auditEntries } from "../../audit/audit-client.ts";
import { call, envWithShard, workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { pluginPath, putPluginOk, storedOrg, storedPlugin } from "./plugin-client.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export interface Place {
  name: string;
  org: Org;
  plugin: StoredPlugin;
}

export async function placeWith(rule: "record" | "quarantine"): Promise<Place> {
  const name = await makeOrg();
  await putPluginOk(name, { on_tool_change: rule });
  return { name, org: await storedOrg(name), plugin: await storedPlugin(name) };
}

/** A minute after whatever came before, with the clock faked. */
export async function learn(
  { org, plugin }: Place,
  tools: readonly unknown[],
  { isWhole = true, env = workerEnv }: { isWhole?: boolean; env?: Env } = {},
): Promise<void> {
  vi.setSystemTime(Date.now() + MINUTE);
  await learnTools(env, org, plugin, tools, isWhole);
}

type Told = "added" | "changed" | "gone" | "back" | "quarantined";

export interface ToolEntry {
  action: string;
  actor: string;
  outcome: string;
  details: Partial<Record<Told | `${Told}_count` | "plugin" | "tool" | "hash", string>>;
}

/** About tools, oldest first. */
export async function toolEntries({ name }: Place) {
  const entries = await auditEntries(name);
  return entries
    .map(({ event }) => event as unknown as ToolEntry)
    .filter(({ action }) => action.startsWith("plugin.tool."))
    .toReversed();
}

export async function actionsOf(place: Place): Promise<string[]> {
  return (await toolEntries(place)).map(({ action }) => action);
}

export const namesIn = (text: string | undefined) => Object.keys(JSON.parse(text ?? "{}"));

export function accept(
  { name }: Place,
  toolName: string,
  body?: Record<string, unknown>,
): Promise<Response> {
  const path = `${pluginPath(name)}/tools/${encodeURIComponent(toolName)}/accept`;
  return call("POST", path, body === undefined ? {} : { body });
}

/** What is sent to the shard through it. */
export function watchedEnv(): { env: Env; sent: string[] } {
  const sent: string[] = [];
  const env = envWithShard((sql, send) => {
    sent.push(sql);
    return send();
  });
  return { env, sent };
}
