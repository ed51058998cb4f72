/**
 * Keeps what tools were called with and what they answered: beside the samples of a report, in their transaction, or
 * by itself, as the gateway does, whose samples come later.
 */
import type { CallPayload, KeptPayloads } from "#calls/call-payload.ts";
import { ORG_TAKES_WRITES } from "#calls/store/insert-statements.ts";
import { uuid7TimeMs } from "#formats/uuid7.ts";
import type { Org } from "#orgs/org.ts";
import { insertPayloads } from "#payloads/store/payload-rows.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { sealPayloads } from "./seal-payloads.ts";

/** What calls/call-payload.ts asks of who keeps payloads. */
export async function keepReported(
  env: Env,
  org: Org,
  payloads: readonly CallPayload[],
): Promise<KeptPayloads> {
  const { sealed, discarded } = await sealPayloads(env, org, payloads);
  return {
    discarded,
    rowsOf: (db, guard, ids) =>
      insertPayloads(
        db,
        guard,
        sealed.filter(({ id }) => ids.has(id)),
      ),
  };
}

export interface RecordedPayloads {
  /** Calls whose payload is durable now. */
  readonly kept: number;
  /** Fields that are not kept. */
  readonly discarded: number;
}

/**
 * Payloads of calls whose samples are written by others, sooner or later: each has a row of its own, by its call's id.
 * Of several of one call the first is kept. Where the shard has no room for the org, none is.
 */
export async function recordPayloads(
  env: Env,
  org: Org,
  payloads: readonly CallPayload[],
): Promise<RecordedPayloads> {
  const { sealed, discarded } = await sealPayloads(env, org, payloads);
  if (sealed.length === 0) return { kept: 0, discarded };
  const db = shardDatabase(env, org.shard);
  const writes = sealed.map((payload) => {
    const guard = { org, oldestMs: uuid7TimeMs(payload.id), condition: ORG_TAKES_WRITES };
    return insertPayloads(db, guard, [payload]).writes;
  });
  const results = await db.batch(writes.flat());
  let at = 0;
  const kept = writes.filter((statements) => {
    const { changes } = results[at]!.meta;
    at += statements.length;
    return changes > 0;
  });
  return { kept: kept.length, discarded };
}
