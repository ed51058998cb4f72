/** Registers, changes and removes plugins, on the record. */

import { uuid7FromRandom } from "#formats/uuid7.ts";
import { deletePluginRows } from "#gateway/plugins/store/list-rows.ts";
import {
  countPlugins,
  deletePlugin,
  findStoredPlugin,
  insertPlugin,
  updatePlugin,
} from "#gateway/plugins/store/plugin-rows.ts";
import { actionOf, type Operator } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import type { OperatorAction } from "#orgs/store/operator-actions.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { logError } from "#platform/log-error.ts";
import { shardDatabase } from "#platform/shards.ts";
import { originOf } from "#streams/endpoint.ts";
import { streamsOf } from "#streams/streams-of.ts";
import { forgetPlugin } from "./find-plugin.ts";
import { knownTools } from "./known-tools.ts";
import { PLUGINS_MAX, type PluginPlace, pluginTarget, type StoredPlugin } from "./plugin.ts";
import { keptHeaders, type WantedPlugin } from "./plugin-request.ts";
import { sealPluginHeaders } from "./sealed-plugin-headers.ts";
import { placedNames, tellToolsGone } from "./tools-learnt.ts";

export interface PutPlugin {
  readonly plugin: StoredPlugin;
  readonly isNew: boolean;
}

/** Replaces all that is set of the plugin; fails with `conflict` where somebody else changed it meanwhile. */
export async function putPlugin(
  env: Env,
  org: Org,
  place: PluginPlace,
  wanted: WantedPlugin,
  by: Operator,
): Promise<PutPlugin> {
  const stored = await findStoredPlugin(env.DIRECTORY, org.org, place);
  const { sealed, errors } = keptHeaders(wanted, stored);
  if (errors.length > 0) fail({ kind: "invalid_request", errors });
  const owner = { org, ...place, url: wanted.url };
  const literals = await sealPluginHeaders(env, owner, wanted.literals);
  const sealedHeaders = { ...sealed, ...literals };
  const plugin = pluginOf(org, place, { wanted, stored, sealedHeaders, nowMs: Date.now() });
  if (stored === null) await register(env, org, plugin, by);
  else if (!isSame(stored, plugin)) await change(env, org, { stored, plugin }, by);
  else return { plugin: stored, isNew: false };
  forgetPlugin(plugin);
  return { plugin, isNew: stored === null };
}

/**
 * Its tools, its health and its credentials are erased with it. What another isolate, which does not know yet,
 * writes of it within 30 s is of a registration that is nobody's: it is never shown, and goes with the next
 * registration of the name, or with the org.
 */
export async function removePlugin(
  env: Env,
  org: Org,
  place: PluginPlace,
  by: Operator,
): Promise<void> {
  const stored = await findStoredPlugin(env.DIRECTORY, org.org, place);
  if (stored === null) return fail({ kind: "not_found" });
  const action = await deed(env, stored, { by, verb: "removed", nowMs: Date.now(), details: {} });
  const isDeleted = await deletePlugin(env.DIRECTORY, stored, action);
  forgetPlugin(stored);
  if (!isDeleted) return fail({ kind: "not_found" });
  await eraseTools(env, org, stored).catch((error: unknown) =>
    logError(error, { org: org.org, work: "erasing a plugin's tools" }),
  );
}

async function eraseTools(env: Env, org: Org, plugin: StoredPlugin): Promise<void> {
  const tools = await knownTools(env, org, plugin);
  await deletePluginRows(shardDatabase(env, org.shard), plugin);
  await tellToolsGone(env, org, placedNames(plugin, tools?.keys() ?? []));
}

async function register(env: Env, org: Org, plugin: StoredPlugin, by: Operator): Promise<void> {
  const { createdAtMs: nowMs } = plugin;
  const details = settingsOf(plugin);
  const action = await deed(env, plugin, { by, verb: "registered", nowMs, details });
  if (await insertPlugin(env.DIRECTORY, org, plugin, action)) return;
  if ((await findStoredPlugin(env.DIRECTORY, org.org, plugin)) !== null) return conflict();
  if ((await countPlugins(env.DIRECTORY, org.org)) < PLUGINS_MAX)
    return fail({ kind: "not_found" });
  const detail = `The org has ${PLUGINS_MAX} plugins, as many as it may have.`;
  return fail({ kind: "conflict", detail });
}

async function change(
  env: Env,
  org: Org,
  { stored, plugin }: { stored: StoredPlugin; plugin: StoredPlugin },
  by: Operator,
): Promise<void> {
  const [was, is] = [settingsOf(stored), settingsOf(plugin)];
  const changed = Object.entries(is).filter(([name, value]) => was[name] !== value);
  const details = {
    ...Object.fromEntries(changed),
    url_changed: stored.url !== plugin.url,
    headers_changed: !sameHeaders(stored, plugin),
  };
  const nowMs = plugin.updatedAtMs;
  const action = await deed(env, plugin, { by, verb: "updated", nowMs, details });
  if (!(await updatePlugin(env.DIRECTORY, stored, plugin, action))) {
    forgetPlugin({ ...plugin, org: org.org });
    conflict();
  }
}

function conflict(): never {
  return fail({
    kind: "conflict",
    detail: "The plugin was changed meanwhile; read it again.",
  });
}

interface PluginDeed {
  readonly by: Operator;
  readonly verb: "registered" | "updated" | "removed";
  readonly nowMs: number;
  readonly details: Record<string, string | boolean>;
}

/** Null while the org's audit stream is disabled: plugins' lives are a part of it. */
async function deed(
  env: Env,
  plugin: StoredPlugin,
  { by, verb, nowMs, details }: PluginDeed,
): Promise<OperatorAction | null> {
  const { org, workspace } = plugin;
  if (!(await streamsOf(env, org)).audit.enabled) return null;
  const target = pluginTarget(plugin);
  const all = { workspace, plugin: plugin.plugin, ...details };
  return actionOf(by, { org, action: `plugin.${verb}`, target, details: all }, nowMs);
}

/** As entries tell them: of the URL what is no secret, which a path may be, and of headers names. */
function settingsOf(plugin: StoredPlugin): Record<string, string> {
  return {
    origin: originOf(plugin.url),
    headers: plugin.headerNames.join(" "),
    timeout_ms: String(plugin.timeoutMs),
    on_tool_change: plugin.onToolChange,
    capture_payloads: String(plugin.capturesPayloads ?? "as the org"),
  };
}

interface Parts {
  readonly wanted: WantedPlugin;
  readonly stored: StoredPlugin | null;
  readonly sealedHeaders: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

function pluginOf(
  { org }: Org,
  place: PluginPlace,
  { wanted, stored, sealedHeaders, nowMs }: Parts,
): StoredPlugin {
  return {
    org,
    ...place,
    registration: stored?.registration ?? newRegistration(nowMs),
    url: wanted.url,
    timeoutMs: wanted.timeoutMs,
    onToolChange: wanted.onToolChange,
    capturesPayloads: wanted.capturesPayloads,
    version: (stored?.version ?? 0) + 1,
    sealedHeaders,
    headerNames: Object.keys(sealedHeaders).sort(),
    createdAtMs: stored?.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
  };
}

function newRegistration(nowMs: number): string {
  return uuid7FromRandom(nowMs, crypto.getRandomValues(new Uint8Array(10)));
}

function isSame(a: StoredPlugin, b: StoredPlugin): boolean {
  const isSettingSame = (["url", "timeoutMs", "onToolChange", "capturesPayloads"] as const).every(
    (setting) => a[setting] === b[setting],
  );
  return isSettingSame && sameHeaders(a, b);
}

/** A value that is sent anew counts as changed, whatever it was: the sealed ones tell nothing. */
function sameHeaders(a: StoredPlugin, b: StoredPlugin): boolean {
  const text = ({ headerNames, sealedHeaders }: StoredPlugin) =>
    JSON.stringify(headerNames.map((name) => [name, sealedHeaders[name]]));
  return text(a) === text(b);
}
