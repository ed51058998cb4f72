/**
 * Has ledgers announce what retention has ended for, and destroys the logs of deleted orgs in which nothing
 * is left. It goes through orgs in every state, for a log outlives its org.
 */

import { deleteAuditLog, findEmptiedLogs, findOldestEntries } from "#audit/store/expiring-logs.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { Org } from "#orgs/org.ts";
import { findOrgsInAnyState } from "#orgs/store/orgs.ts";
import type { Job, JobPlace, RunPlace } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";
import { DAY_MS } from "#platform/time.ts";
import { eventIdDays } from "./audit-event.ts";
import type { LogAddress } from "./audit-log.ts";
import { drainSlice } from "./drain-outbox.ts";
import { callLedger } from "./ledger-stub.ts";

/** One query finds which orgs of a batch have something that expired: most have not. */
const BATCH_ORGS = 50;
/** How long entries wait for their bundle of 256 to be full and expired. */
const OVERDUE_DAYS = 7;

interface ExpiringOrg {
  org: string;
  isDeleted: boolean;
  auditDays: number;
}

export const expiryJob: Job<readonly ExpiringOrg[]> = {
  name: "expire",
  share: 0.05,
  // A look-up for all orgs of a batch, one for each that is deleted, and two where something has expired.
  queries: 1 + 3 * BATCH_ORGS,
  // 200 orgs a minute: retention is a matter of days.
  itemsPerRun: 4,
  runsMax: 1,
  // What is announced is signed by the next tick, so that it can be read in between.
  after: "sign",
  deletesByTime: true,
  async list({ env, shard }, after, limit) {
    const range = { after, limit: limit * BATCH_ORGS };
    const orgs = await findOrgsInAnyState(env.DIRECTORY, shard, range);
    const batches = Math.ceil(orgs.length / BATCH_ORGS);
    return Array.from({ length: batches }, (_, batch) =>
      orgs.slice(batch * BATCH_ORGS, (batch + 1) * BATCH_ORGS).map(expiringOrg),
    );
  },
  placeOf: (orgs) => orgs.at(-1)?.org ?? "",
  subjectOf: ([first]) => first?.org ?? "",
  async step(place, orgs) {
    for (const { address, auditDays } of await expiredLogs(place, orgs)) {
      await place.attempt(address.org, () => announce(place, address, auditDays));
    }
    for (const org of orgs) {
      if (org.isDeleted) await place.attempt(org.org, () => destroyEmptied(place, org));
    }
    return "done";
  },
};

function expiringOrg({ org, state, retention }: Org): ExpiringOrg {
  return { org, isDeleted: state === "deleted", auditDays: retention.auditDays };
}

interface ExpiredLog {
  address: LogAddress;
  auditDays: number;
}

async function expiredLogs(
  { env, shard, nowMs }: JobPlace,
  orgs: readonly ExpiringOrg[],
): Promise<ExpiredLog[]> {
  const auditDays = new Map(orgs.map((one) => [one.org, one.auditDays]));
  const oldest = await findOldestEntries(shardDatabase(env, shard), [...auditDays.keys()]);
  return oldest
    .map(({ org, log, oldestAtMs, keptDays }) => {
      const days = auditDays.get(org) ?? 0;
      const expiresAtMs = oldestAtMs + Math.max(days, keptDays) * DAY_MS;
      return { address: { org, log, shard }, auditDays: days, expiresAtMs };
    })
    .filter(({ expiresAtMs }) => expiresAtMs < nowMs);
}

/** Of one slice of the outbox. */
const DRAIN_QUERIES = 2;

/**
 * The first step of pruning: the others follow once the announcement is signed. All that operators did comes
 * before it, or it waits for the next tick: a longer retention that was in force for a while is a promise, which
 * the ledger must know of.
 */
async function announce(place: RunPlace, address: LogAddress, auditDays: number): Promise<void> {
  const { env, nowMs } = place;
  let drained = await drainSlice(env, address);
  while (drained === "more" && place.hasRoomFor(DRAIN_QUERIES)) {
    drained = await drainSlice(env, address);
  }
  if (drained !== "done") return;
  const terms = {
    tickMs: nowMs,
    expiredBefore: formatTimestamp(nowMs - auditDays * DAY_MS),
    overdueBefore: formatTimestamp(nowMs - (auditDays + OVERDUE_DAYS) * DAY_MS),
    auditDays,
  };
  const eventId = uuid7FromRandom(nowMs, crypto.getRandomValues(new Uint8Array(10)));
  await callLedger(env, address, (ledger) => ledger.announcePruning(address, terms, eventId));
}

async function destroyEmptied(place: RunPlace, { org, auditDays }: ExpiringOrg): Promise<void> {
  const { env, shard, nowMs } = place;
  const db = shardDatabase(env, shard);
  const keptDays = eventIdDays(auditDays);
  const beforeMs = nowMs - keptDays * DAY_MS;
  for (const log of await findEmptiedLogs(db, org, beforeMs)) {
    if (!place.hasRoomFor(1)) return;
    const isGone = await callLedger(env, log, (ledger) => ledger.destroy(nowMs, keptDays));
    if (isGone) await deleteAuditLog(db, log);
  }
}
