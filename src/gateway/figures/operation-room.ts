/** How many label sets of operations there may be. */
import type { Env } from "#platform/env.ts";
import { shardNames } from "#platform/shards.ts";

/** Of a deployment: a page of them has 180,000 lines, 20 MB. */
export const OPERATION_SERIES_MAX = 10_000;

export interface OperationRoom {
  /** Of an org, its `__other__` not counted. */
  readonly orgMax: number;
  /** Of a shard, all of them. */
  readonly shardMax: number;
}

/**
 * Shards share alike, for none sees what others have. One that is bound later finds the others with what they
 * have: until they have let go of the idle ones, it may be more in all.
 */
export function operationRoom(env: Env): OperationRoom {
  const shards = Math.max(1, shardNames(env).length);
  return { orgMax: 1_000, shardMax: Math.floor(OPERATION_SERIES_MAX / shards) };
}
