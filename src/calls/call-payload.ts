/**
 * What tools were called with and what they answered. Who keeps payloads registers here: samples and what is kept of
 * their payloads are written in one transaction.
 */
import type { Org } from "#orgs/org.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import type { Env } from "#platform/env.ts";
import type { KeyedOrg } from "#vault/data-key-purpose.ts";

/** JSON values; null where there is none. */
export interface CallPayload {
  /** Of the call. */
  readonly id: string;
  readonly workspace: string;
  readonly plugin: string;
  readonly tool: string;
  readonly request: unknown;
  readonly response: unknown;
}

/** How the statements of a transaction know that the org takes what they write. */
export interface WriteGuard {
  readonly org: ShardedOrg;
  /** The oldest time of a call that is written. */
  readonly oldestMs: number;
  /** In SQL: of the org as ?1, its generation as ?2, and the oldest time as ?3. */
  readonly condition: string;
}

export interface KeptPayloads {
  /** Fields that are not kept: the org is not entitled to it, or they cannot be written as JSON. */
  readonly discarded: number;
  /** For a transaction that inserts these calls, and no others: a try that failed leaves out some. */
  rowsOf(db: D1Database, guard: WriteGuard, ids: ReadonlySet<string>): PayloadRows;
}

export interface PayloadRows {
  readonly writes: readonly D1PreparedStatement[];
  /** In which row a call's payload is. */
  readonly rowOf: ReadonlyMap<string, string>;
}

export const NO_PAYLOADS: KeptPayloads = {
  discarded: 0,
  rowsOf: () => ({ writes: [], rowOf: new Map() }),
};

/** A call that is not counted by itself: that `id` may have a payload, which is of the sample. */
export interface MovedCall {
  readonly id: string;
  readonly sampleId: string;
}

interface PayloadKeeper {
  keep(env: Env, org: Org, payloads: readonly CallPayload[]): Promise<KeptPayloads>;
  move(
    env: Env,
    org: KeyedOrg,
    calls: readonly MovedCall[],
  ): Promise<readonly D1PreparedStatement[]>;
}

let registered: PayloadKeeper | null = null;

export function registerPayloadKeeper(keeper: PayloadKeeper): void {
  registered = keeper;
}

function payloadKeeper(): PayloadKeeper {
  if (registered === null) throw new Error("calls: nobody keeps payloads");
  return registered;
}

/** Sealed, to be written with their samples. */
export async function keepPayloads(
  env: Env,
  org: Org,
  payloads: readonly CallPayload[],
): Promise<KeptPayloads> {
  if (payloads.length === 0) return NO_PAYLOADS;
  return payloadKeeper().keep(env, org, payloads);
}

/** For the transaction that decides how the calls are counted: none where none of them has a payload. */
export async function movePayloads(
  env: Env,
  org: KeyedOrg,
  calls: readonly MovedCall[],
): Promise<readonly D1PreparedStatement[]> {
  return calls.length === 0 ? [] : payloadKeeper().move(env, org, calls);
}
