/** How far the ids of samples lie from the times that their calls began at. */
import { uuid7TimeMs } from "#formats/uuid7.ts";
import { HOUR_MS } from "#platform/time.ts";
import type { Call } from "./call.ts";

/** Of the calls that began in an hour: the most that an id is later than its call's start, and earlier. */
export interface IdSkew {
  hour: number;
  aheadMs: number;
  behindMs: number;
}

/** None of hours whose ids are all of their calls' starts. */
export function idSkews(calls: readonly Pick<Call, "id" | "startedAtMs">[]): IdSkew[] {
  const skews = new Map<number, IdSkew>();
  for (const { id, startedAtMs } of calls) {
    const aheadMs = uuid7TimeMs(id) - startedAtMs;
    if (aheadMs === 0) continue;
    const hour = Math.floor(startedAtMs / HOUR_MS);
    const skew = skews.get(hour) ?? { hour, aheadMs: 0, behindMs: 0 };
    skew.aheadMs = Math.max(skew.aheadMs, aheadMs);
    skew.behindMs = Math.max(skew.behindMs, -aheadMs);
    skews.set(hour, skew);
  }
  return [...skews.values()];
}
