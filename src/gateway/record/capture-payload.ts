/**
 * What a call through the gateway carried, kept sealed where the org, or the plugin, has that: after the answer, which
 * never waits for it.
 */
import type { Plugin } from "#gateway/plugins/plugin.ts";
import type { Org } from "#orgs/org.ts";
import { recordPayloads } from "#payloads/record-payloads.ts";
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import { nextTurn } from "#platform/slices.ts";
import { type CallStart, openCallOf } from "./call-start.ts";

/** With it, whatever it says, nothing of the request or its answer is kept: rather too little than too much. */
export const NO_CAPTURE_HEADER = "mcpg-payload";

export interface Capture {
  readonly org: Org;
  readonly plugin: Plugin;
  readonly headers: Headers;
}

export function isCaptured({ org, plugin, headers }: Capture): boolean {
  if (!org.entitlements.payloadCapture || headers.has(NO_CAPTURE_HEADER)) return false;
  return plugin.capturesPayloads ?? org.payloadCapture.gateway;
}

export interface CarriedPayload {
  readonly request: unknown;
  readonly response: unknown;
}

/** The database may be away for a moment; the answer is with its client by then. */
const RETRIES_MS = [500, 2_000, 8_000];

/** Never rejects: what cannot be kept is told in the log, and the call is what it was. */
export async function capturePayload(
  env: Env,
  org: Org,
  start: CallStart,
  carried: CarriedPayload,
): Promise<void> {
  if (start.method !== "tools/call") return;
  // First of all the answer passes on, for to redact and to seal it takes a while.
  await nextTurn();
  const { id, workspace, plugin, tool } = openCallOf(start, true);
  for (const waitMs of [...RETRIES_MS, null]) {
    try {
      await recordPayloads(env, org, [{ id, workspace, plugin, tool, ...carried }]);
      return;
    } catch (error) {
      logError(error, { org: org.org, job: "payload of a call" });
    }
    if (waitMs !== null) await scheduler.wait(waitMs);
  }
}
