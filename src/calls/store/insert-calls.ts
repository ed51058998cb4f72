/**
 * Makes reports durable: their samples, and the arrivals that will count them, in one transaction.
 *
 * Exactly-once rests on one key. The transaction inserts samples without an "or ignore": a sample
 * that is there already aborts it whole, and the arrival with it. The ids that are there are then
 * left out and the rest is tried again. So an arrival never counts a sample that was not inserted by
 * its own transaction, whoever resends what, how often and how concurrently. Samples that were spans are
 * held to one thing more: the transaction fails if another span counts the call (counted-calls.ts).
 */
import type { ReportHeader } from "#calls/arrival.ts";
import type { Call } from "#calls/call.ts";
import { uuid7TimeMs } from "#formats/uuid7.ts";
import { findShardOrg, type ShardedOrg } from "#orgs/store/shard-orgs.ts";
import { findCounted, refuseCounted } from "./counted-calls.ts";
import { insertStatements, pairedCalls, type ReportedCalls } from "./insert-statements.ts";

/** A failed try drops ids that a concurrent copy won; after this many the caller is told to come back. */
const TRIES_MAX = 8;

export type InsertResult =
  | {
      kind: "stored";
      accepted: number;
      /** Calls that were there already, and calls that another span counts. */
      duplicates: number;
      pruned: readonly Call[];
      /** Ids of calls that another span counts: there is no sample of these. */
      countedElsewhere: ReadonlySet<string>;
    }
  | { kind: "org_gone" }
  /** The shard has no room for the org's samples. */
  | { kind: "refused" }
  | { kind: "contended" };

/** CROSS JOIN: a key look-up an id. Left to choose, SQLite scans the org's samples for every id. */
const SELECT_PRESENT = `SELECT t.id FROM json_each(?2) j
  CROSS JOIN tool_invocations t ON t.org = ?1 AND t.id = j.value`;

export function insertReport(
  db: D1Database,
  org: ShardedOrg,
  header: ReportHeader,
  calls: readonly Call[],
): Promise<InsertResult> {
  return insertReports(db, org, [{ header, calls }]);
}

/** What is left to insert, and why the rest is not. */
interface Attempt {
  fresh: readonly ReportedCalls[];
  pruned: readonly Call[];
  countedElsewhere: ReadonlySet<string>;
}

/** Inserts all reports in one transaction. */
export async function insertReports(
  db: D1Database,
  org: ShardedOrg,
  reports: readonly ReportedCalls[],
): Promise<InsertResult> {
  let attempt: Attempt = { fresh: reports, pruned: [], countedElsewhere: new Set() };
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const outcome = await tryInsert(db, org, attempt.fresh);
    if (outcome === "stored") return storedResult(countOf(reports), attempt);
    const next =
      outcome === "refused"
        ? await withoutPruned(db, org, attempt)
        : withoutConflicts(attempt, outcome);
    if ("kind" in next) return next;
    attempt = next;
  }
  return { kind: "contended" };
}

function storedResult(sent: number, { fresh, pruned, countedElsewhere }: Attempt): InsertResult {
  const accepted = countOf(fresh);
  const duplicates = sent - accepted - pruned.length;
  return { kind: "stored", accepted, duplicates, pruned, countedElsewhere };
}

/** Leaves out calls whose time was pruned, unless the org is not there or may not have samples. */
async function withoutPruned(
  db: D1Database,
  org: ShardedOrg,
  { fresh, pruned, countedElsewhere }: Attempt,
): Promise<Attempt | { kind: "org_gone" | "refused" }> {
  const shardOrg = await findShardOrg(db, org.org);
  if (shardOrg?.state !== "active" || shardOrg.generation !== org.generation) {
    return { kind: "org_gone" };
  }
  if (shardOrg.refusedSinceMs !== null && countOf(fresh) > 0) return { kind: "refused" };
  const isPruned = ({ id }: Call) => uuid7TimeMs(id) < shardOrg.prunedBeforeMs;
  const gone = fresh.flatMap(({ calls }) => calls.filter(isPruned));
  return {
    fresh: keeping(fresh, (call) => !isPruned(call)),
    pruned: [...pruned, ...gone],
    countedElsewhere,
  };
}

function withoutConflicts(
  { fresh, pruned, countedElsewhere }: Attempt,
  { present, counted }: Conflicts,
): Attempt {
  return {
    fresh: keeping(fresh, ({ id }) => !present.has(id) && !counted.has(id)),
    pruned,
    countedElsewhere: new Set([...countedElsewhere, ...counted]),
  };
}

function countOf(reports: readonly ReportedCalls[]): number {
  return reports.reduce((count, { calls }) => count + calls.length, 0);
}

function keeping(
  reports: readonly ReportedCalls[],
  isKept: (call: Call) => boolean,
): readonly ReportedCalls[] {
  return reports.map((report) => ({ ...report, calls: report.calls.filter(isKept) }));
}

/** Why nothing was written: ids that are there, calls that another span counts. */
interface Conflicts {
  present: Set<string>;
  counted: Set<string>;
}

/** "refused" where the org's row lets nothing be written: the org is gone, or has pruned a call's time. */
async function tryInsert(
  db: D1Database,
  org: ShardedOrg,
  reports: readonly ReportedCalls[],
): Promise<"stored" | "refused" | Conflicts> {
  const pairs = pairedCalls(reports);
  try {
    const guards = pairs.length === 0 ? [] : refuseCounted(db, org.org, pairs);
    const results = await db.batch([...guards, ...insertStatements(db, org, reports, pairs)]);
    return results[guards.length]?.meta.changes === 0 ? "refused" : "stored";
  } catch (error) {
    const present = await findPresentIds(db, org.org, reports);
    const absent = pairs.filter(({ id }) => !present.has(id));
    const counted = await findCounted(db, org.org, absent);
    if (present.size + counted.size === 0) throw error;
    return { present, counted };
  }
}

async function findPresentIds(
  db: D1Database,
  org: string,
  reports: readonly ReportedCalls[],
): Promise<Set<string>> {
  const ids = reports.flatMap(({ calls }) => calls.map(({ id }) => id));
  const { results } = await db
    .prepare(SELECT_PRESENT)
    .bind(org, JSON.stringify(ids))
    .all<{ id: string }>();
  return new Set(results.map(({ id }) => id));
}
