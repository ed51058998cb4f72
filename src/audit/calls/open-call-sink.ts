/**
 * Where calls go that ended: who counts calls registers here (capabilities.ts), for this room knows nothing of
 * samples. The registered verb is given calls again where it failed, or its answer was lost.
 */

import type { LogAddress } from "#audit/audit-log.ts";
import type { Env } from "#platform/env.ts";
import type { EndedCall } from "./open-call.ts";

type Sink = (env: Env, address: LogAddress, ended: readonly EndedCall[]) => Promise<void>;

let sink: Sink | null = null;

export function registerOpenCallSink(registered: Sink): void {
  sink = registered;
}

/** Resolves once all that is to be kept of them is durable elsewhere. */
export async function sinkEndedCalls(
  env: Env,
  address: LogAddress,
  ended: readonly EndedCall[],
): Promise<void> {
  if (sink === null) throw new Error("open calls: their sink is not registered");
  await sink(env, address, ended);
}
