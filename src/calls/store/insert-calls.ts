/**
 * Makes reports durable: their samples, and the arrivals that will count them, in one transaction.
 *
 * Exactly-once rests on one key. The transaction inserts samples without an "or ignore": a sample
 * that is there already aborts it whole, and the arrival with it. The ids that are there are then
 * left out and the rest is tried again. So an arrival never counts a sample that was not inserted by
 * its own transaction, whoever resends what, how often and how concurrently. Samples that name their trace
 * and span are held to one thing more: the transaction fails if a sample that was not known to who decided
 * on them may count one of their calls (pairing-guards.ts).
 */
import type { Call } from "#calls/call.ts";
import { rangeOf } from "#calls/pairing/waiting-calls.ts";
import { findKnownToServers } from "#calls/store/pairing/known-calls.ts";
import { findPaired, type PairedSide, refusePaired } from "#calls/store/pairing/paired-orgs.ts";
import {
  type CallKeys,
  keysOf,
  refuseNewer,
  refuseServers,
} from "#calls/store/pairing/pairing-guards.ts";
import { noteLate } from "#calls/store/pairing/pairing-writes.ts";
import type { TracedSpan } from "#calls/traced-spans.ts";
import { uuid7TimeMs } from "#formats/uuid7.ts";
import {
  findShardOrg,
  type ShardedOrg,
  type ShardOrg,
  selectShardOrg,
} from "#orgs/store/shard-orgs.ts";
import {
  type Attempt,
  type Conflicts,
  countOf,
  keeping,
  NOTHING_KNOWN,
  withoutConflicts,
} from "./insert-attempt.ts";
import { insertStatements, type ReportedCalls } from "./insert-statements.ts";
import { findPresentIds } from "./present-ids.ts";
import { type TracedRequest, UNTRACED } from "./traced-request.ts";

/** A failed try drops ids that a concurrent copy won; after this many the caller is told to come back. */
const TRIES_MAX = 8;

export type InsertResult =
  | {
      kind: "stored";
      accepted: number;
      /** Calls that were there already, and calls that another span or sample counts. */
      duplicates: number;
      pruned: readonly Call[];
      /** Ids of calls that another span or sample counts: there is no sample of these. */
      countedElsewhere: ReadonlyMap<string, string | null>;
    }
  | { kind: "org_gone" }
  /** The shard has no room for the org's samples: none was written, nor does any call wait. */
  | { kind: "refused" }
  | { kind: "contended" }
  /** The org sends what the request said that it does not: nothing was written. */
  | { kind: "paired" };

/** Inserts all reports in one transaction. */
export async function insertReports(
  db: D1Database,
  org: ShardedOrg,
  reports: readonly ReportedCalls[],
  traced: TracedRequest = UNTRACED,
): Promise<InsertResult> {
  const known = { ...NOTHING_KNOWN, ids: traced.own };
  const none = { pruned: [], countedElsewhere: new Map<string, string | null>(), known, late: 0 };
  let attempt: Attempt = { ...none, absent: reports, fresh: reports };
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const outcome = await tryInsert(db, org, attempt, traced);
    if (outcome === "paired") return { kind: "paired" };
    if (outcome === "stored") return storedResult(countOf(reports), attempt);
    const next =
      outcome === "refused"
        ? await withoutPruned(db, org, attempt, traced)
        : await withoutConflicts(attempt, outcome, traced);
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
  attempt: Attempt,
  { isWaiting }: TracedRequest,
): Promise<Attempt | { kind: "org_gone" | "refused" }> {
  const shardOrg = await findShardOrg(db, org.org);
  if (shardOrg?.state !== "active" || shardOrg.generation !== org.generation) {
    return { kind: "org_gone" };
  }
  const isRoomNeeded = isWaiting || countOf(attempt.fresh) > 0;
  if (shardOrg.refusedSinceMs !== null && isRoomNeeded) return { kind: "refused" };
  const isPruned = ({ id }: Call) => uuid7TimeMs(id) < shardOrg.prunedBeforeMs;
  const gone = attempt.fresh.flatMap(({ calls }) => calls.filter(isPruned));
  return {
    ...attempt,
    absent: keeping(attempt.absent, (call) => !isPruned(call)),
    fresh: keeping(attempt.fresh, (call) => !isPruned(call)),
    pruned: [...attempt.pruned, ...gone],
  };
}

/**
 * "refused" where the org's row lets nothing be written: the org is gone, has pruned a call's time, or may not
 * have samples, in which case its calls do not wait either (pairing-writes.ts).
 */
async function tryInsert(
  db: D1Database,
  org: ShardedOrg,
  attempt: Attempt,
  { calls, writes, unless, isWaiting }: TracedRequest,
): Promise<"stored" | "refused" | "paired" | Conflicts> {
  const { absent, fresh } = attempt;
  const keys = keysOfCalls(absent, calls);
  try {
    const guards = guardsOf(db, org.org, keys, attempt, unless);
    const inserts = insertStatements(db, org, fresh);
    const hasReports = inserts.length > 0;
    // Calls may wait beside a report of nothing new, which is taken however full the shard is.
    const looks = isWaiting || !hasReports ? [selectShardOrg(db, org.org)] : [];
    const results = await db.batch([
      ...guards,
      ...looks,
      ...inserts,
      ...writes,
      ...noteLate(db, org, receivedAt(fresh), attempt),
    ]);
    const told = results.slice(guards.length, guards.length + looks.length + (hasReports ? 1 : 0));
    return told.every((result) => isWritten(result, org)) ? "stored" : "refused";
  } catch (error) {
    if (unless !== undefined && (await findPaired(db, org.org, unless))) return "paired";
    const conflicts = await findConflicts(db, org.org, attempt, keys);
    if (conflicts === null) throw error;
    return conflicts;
  }
}

/** Null where nothing is to be seen that a transaction may have failed for. */
async function findConflicts(
  db: D1Database,
  org: string,
  { absent, fresh, known }: Attempt,
  keys: CallKeys | null,
): Promise<Conflicts | null> {
  const present = await findPresentIds(db, org, fresh);
  // Of a batch that is resent nothing is left to be decided.
  const isDecided = keys === null || present.size === countOf(absent);
  const found = isDecided ? NOTHING_KNOWN : await findKnownToServers(db, org, keys);
  const isNews = found.lastSeq > known.lastSeq || !areKnown(found.ids, known.ids);
  return present.size === 0 && !isNews ? null : { present, known: found };
}

function guardsOf(
  db: D1Database,
  org: string,
  keys: CallKeys | null,
  { known, late }: Attempt,
  unless: PairedSide | undefined,
): D1PreparedStatement[] {
  const guards = unless === undefined ? [] : [refusePaired(db, org, unless)];
  if (keys === null) return guards;
  guards.push(...refuseServers(db, org, keys, known));
  // Of two copies at once that come too late one is told of.
  return late === 0 ? guards : [...guards, refuseNewer(db, org, keys, known.lastSeq)];
}

function areKnown(ids: readonly string[], known: readonly string[]): boolean {
  const all = new Set(known);
  return ids.every((id) => all.has(id));
}

/** By an arrival; a request whose callers' calls wait finds its org as it saw it, and with room. */
function isWritten(result: D1Result, { generation }: ShardedOrg): boolean {
  const [found] = result.results as ShardOrg[];
  if (found === undefined) return result.meta.changes > 0;
  const { state, refusedSinceMs } = found;
  return state === "active" && found.generation === generation && refusedSinceMs === null;
}

/** Null where no call names its trace and span. */
function keysOfCalls(
  reports: readonly ReportedCalls[],
  traced: ReadonlyMap<string, TracedSpan>,
): CallKeys | null {
  if (traced.size === 0) return null;
  const calls = reports.flatMap((report) => report.calls.filter(({ id }) => traced.has(id)));
  if (calls.length === 0) return null;
  const spans = calls.map(({ id }) => traced.get(id)!);
  return keysOf(spans, calls.map(rangeOf), calls[0]?.span !== null);
}

function receivedAt(reports: readonly ReportedCalls[]): number {
  return reports.reduce((latest, { header }) => Math.max(latest, header.receivedAtMs), 0);
}
