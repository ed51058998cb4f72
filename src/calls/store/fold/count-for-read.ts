/** What a reader has to count of the backlog: it folds what is due, and adds the rest to its answer. */
import { NOTHING_PENDING, type Pending } from "#calls/figures/pending.ts";
import { type Backlog, isFoldedFirst, isUnderWay, readBacklog } from "./backlog.ts";
import { findPending } from "./find-pending.ts";
import { foldBacklog } from "./fold.ts";
import type { FoldedOrg } from "./fold-series.ts";

/**
 * Folds until the rest is little and has no name that is new; that rest. Unless `mayAdd`, it folds all.
 *
 * A reader whose time is over leaves what came last, but never what another answer may have added to its own. That was
 * all there was, no fold was under way, and it was less than a chunk of one. So what is in answers is what the first
 * fold takes when one becomes due, which is why that counts, and regroups nothing; until nothing is left of what there
 * was then, no answer adds anything. A reader whose time is over has to fold once, if no fold is under way.
 */
export async function countForRead(
  db: D1Database,
  org: FoldedOrg,
  isOver: () => boolean,
  mayAdd: boolean,
): Promise<Pending> {
  for (;;) {
    const backlog = await readBacklog(db, org);
    if (backlog === null || (isOver() && isUnderWay(backlog))) return NOTHING_PENDING;
    const nowMs = Date.now();
    const pending = mayAdd ? await findLittle(db, org, backlog, nowMs) : null;
    if (pending !== null) return pending;
    await foldBacklog(db, org, backlog, nowMs);
  }
}

/** Null where a fold is due. */
async function findLittle(
  db: D1Database,
  { org }: FoldedOrg,
  backlog: Backlog,
  nowMs: number,
): Promise<Pending | null> {
  return isFoldedFirst(backlog, nowMs) ? null : findPending(db, org, backlog, nowMs);
}

export async function findFolds(db: D1Database, org: string): Promise<number | null> {
  return db.prepare("SELECT folds FROM orgs WHERE org = ?1").bind(org).first<number>("folds");
}
