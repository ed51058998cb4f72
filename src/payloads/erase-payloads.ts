/**
 * Payloads erased before their time: one call's, or all of an actor's. What is to be erased is written down first, then
 * told to the org's ledger, then done, so that whatever breaks off in between is ended by the next tick: none is erased
 * that is not on its way to the ledger, and none is on record that is not erased.
 *
 * An actor's calls are gone through twice: those that are under way, or wait for their server's span, are told of later.
 *
 * Copies of the database from before open what was erased, until the keys are destroyed that it was sealed with.
 */
import { uuid7LowerBound } from "#formats/uuid7.ts";
import { actionOf, type Operator } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import { insertOperatorAction } from "#orgs/store/operator-actions.ts";
import {
  type Erasure,
  endErasure,
  erasePayloads,
  findOfActor,
  insertErasure,
  noteProgress,
  PAGE_QUERIES,
  repeatErasure,
} from "#payloads/store/erasures.ts";
import { hasStoredPayload } from "#payloads/store/find-payload.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { DAY_MS, MINUTE_MS } from "#platform/time.ts";

export interface AskedErasure {
  readonly of: { readonly invocation: string } | { readonly actor: string };
  readonly reason: string;
}

export interface ErasureProgress {
  readonly erased: number;
  /** The rest is the next ticks'. */
  readonly isPending: boolean;
}

/** A request may send D1 1,000 queries. */
const PAGES_MAX = Math.floor(800 / PAGE_QUERIES);

/** Fails with `not_found` where nothing is kept of the one call. */
export async function eraseOnRequest(
  env: Env,
  org: Org,
  { of, reason }: AskedErasure,
  by: Operator,
  isOver: () => boolean,
): Promise<ErasureProgress> {
  const db = shardDatabase(env, org.shard);
  const [invocation, actor] = "actor" in of ? [null, of.actor] : [of.invocation, null];
  if (invocation !== null && !(await hasStoredPayload(db, org.org, invocation))) {
    return fail({ kind: "not_found" });
  }
  const deed = actionOf(
    by,
    {
      org: org.org,
      action: "operator.payload.erased",
      target: invocation === null ? null : `invocation://${invocation}`,
      details: { reason, ...(actor !== null && { actor }) },
    },
    Date.now(),
  );
  const asked = { deed, actor, invocation };
  if (!(await insertErasure(db, org.generation, asked))) return fail({ kind: "not_found" });
  let pages = 0;
  const isFar = () => {
    pages += 1;
    return pages >= PAGES_MAX || isOver();
  };
  return eraseOn(env, db, { ...asked, afterId: "", erased: 0, againMs: null }, isFar);
}

/** Idempotent, and safe beside itself. One page at least. */
export async function eraseOn(
  env: Env,
  db: D1Database,
  erasure: Erasure,
  isOver: () => boolean,
): Promise<ErasureProgress> {
  if (erasure.againMs === null) await insertOperatorAction(env.DIRECTORY, erasure.deed);
  const { org } = erasure.deed;
  const { invocation, actor } = erasure;
  if (invocation !== null) {
    const erased = await erasePayloads(db, org, [invocation]);
    await endErasure(db, erasure);
    return { erased, isPending: false };
  }
  let { afterId, erased } = erasure;
  for (;;) {
    const { ids, endId } = await findOfActor(db, org, { actor: actor!, afterId });
    const more = await erasePayloads(db, org, ids);
    erased += more;
    if (endId === null) break;
    afterId = endId;
    await noteProgress(db, erasure, { afterId, erased: more });
    if (isOver()) return { erased, isPending: true };
  }
  if (erasure.againMs === null) await repeatErasure(db, erasure, againOf(erasure));
  else await endErasure(db, erasure);
  return { erased, isPending: false };
}

/** A caller's call waits for an hour at most for its server's, and the gateway tells of one within seconds of its end. */
const TOLD_LATE_MS = 75 * MINUTE_MS;
/** A call may take 23 h, and is found by when it began. */
const BEGUN_BEFORE_MS = DAY_MS;

function againOf({ deed }: Erasure): { afterId: string; againMs: number } {
  const { occurredAtMs } = deed;
  return {
    afterId: uuid7LowerBound(occurredAtMs - BEGUN_BEFORE_MS),
    againMs: occurredAtMs + TOLD_LATE_MS,
  };
}
