/** Ends a tool's quarantine: an operator has read the definition, and says so on the record. */

import { OWN_DETAILS } from "#formats/ledger/own-details.ts";
import { acceptPin, findPin } from "#gateway/plugins/store/tool-rows.ts";
import type { Operator } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { logError } from "#platform/log-error.ts";
import { shardDatabase } from "#platform/shards.ts";
import { streamsOf } from "#streams/streams-of.ts";
import { newEntryId, type PluginEntry } from "./drift-entries.ts";
import { forgetKnownTools, type ToolState } from "./known-tools.ts";
import { forgetLearnt } from "./learn-tools.ts";
import { type Plugin, pluginTarget } from "./plugin.ts";
import { tellPluginEntries } from "./tell-entries.ts";

export interface AcceptedTool {
  readonly tool: string;
  readonly hash: string;
  readonly state: ToolState;
}

/**
 * `hash` is of the definition that was read; null takes the one there is. Fails with `conflict` where it is another
 * one by now, or cannot be read. What is not quarantined stays as it is.
 */
export async function acceptTool(
  env: Env,
  org: Org,
  plugin: Plugin,
  { tool, hash }: { tool: string; hash: string | null },
  by: Operator,
): Promise<AcceptedTool> {
  const db = shardDatabase(env, org.shard);
  const pin = (await findPin(db, plugin, tool)) ?? fail({ kind: "not_found" });
  if (hash !== null && hash !== pin.hash) return changedSince();
  const accepted = { tool, hash: pin.hash, state: pin.isGone ? "gone" : "active" } as const;
  if (!pin.isQuarantined) return accepted;
  if (pin.fault !== null) {
    const detail = "The tool's definition cannot be read, so it cannot be accepted: see its fault.";
    return fail({ kind: "conflict", detail });
  }
  const { audit } = await streamsOf(env, org.org);
  const entry = audit.enabled ? entryOf(plugin, accepted, by) : null;
  const isAccepted = await acceptPin(db, org, plugin, { tool, hash: pin.hash, entry });
  forgetKnownTools(plugin);
  forgetLearnt(plugin);
  if (!isAccepted) return changedSince();
  await tellPluginEntries(env, org).catch((error: unknown) =>
    logError(error, { org: org.org, work: "telling of an accepted tool" }),
  );
  return accepted;
}

function changedSince(): never {
  const detail = "The tool has another definition by now, or was accepted; read it again.";
  return fail({ kind: "conflict", detail });
}

function entryOf(
  plugin: Plugin,
  { tool, hash }: AcceptedTool,
  { actor, tokenId, requestId }: Operator,
): PluginEntry {
  const nowMs = Date.now();
  return {
    id: newEntryId(nowMs),
    action: "plugin.tool.accepted",
    outcome: "allowed",
    actor,
    target: pluginTarget(plugin),
    workspace: plugin.workspace,
    details: {
      plugin: plugin.plugin,
      tool,
      hash,
      ...(tokenId !== null && { [OWN_DETAILS.tokenId]: tokenId }),
    },
    requestId,
    occurredAtMs: nowMs,
  };
}
