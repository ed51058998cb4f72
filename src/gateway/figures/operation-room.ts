/** How many label sets of operations there may be, and how long, in bytes of UTF-8: they stand on 18 lines of a page. */
import type { Env } from "#platform/env.ts";
import { shardNames } from "#platform/shards.ts";

/** Of a deployment. */
export const OPERATION_SERIES_MAX = 10_000;
/** Of these, twice what they take in practice: with the names of figures and buckets 100 MB of text at most. */
const OPERATION_BYTES_MAX = 2 * 1_048_576;

export interface OperationRoom {
  /** Of an org, its `__other__` not counted. */
  readonly orgMax: number;
  readonly orgBytesMax: number;
  /** Of a shard, all of them. */
  readonly shardMax: number;
  readonly shardBytesMax: number;
}

/**
 * Shards share alike, for none sees what others have. One that is bound later finds the others with what they
 * have: until they have let go of the idle ones, it may be more in all.
 */
export function operationRoom(env: Env): OperationRoom {
  const shards = Math.max(1, shardNames(env).length);
  return {
    orgMax: OPERATION_SERIES_MAX / 10,
    orgBytesMax: OPERATION_BYTES_MAX / 8,
    shardMax: Math.floor(OPERATION_SERIES_MAX / shards),
    shardBytesMax: Math.floor(OPERATION_BYTES_MAX / shards),
  };
}
