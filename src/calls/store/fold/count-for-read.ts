/** What a reader has to count of the backlog: it folds what is due, and adds the rest to its answer. */
import { isRegrouped } from "#calls/arrival.ts";
import { NOTHING_PENDING, type Pending } from "#calls/pending.ts";
import { BACKLOG_BYTES_MAX, type Backlog, isFoldedFirst, readBacklog } from "./backlog.ts";
import { findPending } from "./find-pending.ts";
import { foldBacklog } from "./fold.ts";
import type { FoldedOrg } from "./fold-series.ts";

/**
 * Folds until the rest is little and has no name that is new; that rest. Unless `mayAdd`, it folds all.
 *
 * A reader whose time is over leaves what came last, but never what another answer may have added to its own: that was
 * all there was, and little, so it is among the oldest of what there is now, if it is not folded yet. What was
 * regrouped counts whole, for the oldest calls may be in any part of it.
 */
export async function countForRead(
  db: D1Database,
  org: FoldedOrg,
  isOver: () => boolean,
  mayAdd: boolean,
): Promise<Pending> {
  let through: string | null = null;
  for (;;) {
    const backlog = await readBacklog(db, org);
    if (backlog === null) return NOTHING_PENDING;
    through ??= lastOfLittle(backlog);
    if (isOver() && isLater(backlog, through)) return NOTHING_PENDING;
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

/** All that there is came behind that arrival. */
function isLater({ arrived: [oldest] }: Backlog, through: string): boolean {
  return oldest!.id > through && !isRegrouped(oldest!.arrival);
}

/** Up to which arrival an answer may have added to what was stored. */
function lastOfLittle({ arrived }: Backlog): string {
  let bytes = 0;
  let last = arrived[0]!.id;
  for (const arrival of arrived) {
    bytes += arrival.bytes;
    if (bytes > BACKLOG_BYTES_MAX) return last;
    last = arrival.id;
  }
  return last;
}

export async function findFolds(db: D1Database, org: string): Promise<number | null> {
  return db.prepare("SELECT folds FROM orgs WHERE org = ?1").bind(org).first<number>("folds");
}
