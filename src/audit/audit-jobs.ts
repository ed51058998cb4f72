/** What each tick does for the audit logs: nothing of it costs an idle org anything. */

import { signPage } from "#audit/signing/signing-page.ts";
import {
  type AuditLogRow,
  deleteAuditLog,
  findEmptiedLogs,
  findLogsToSign,
  findOldestEntries,
} from "#audit/store/audit-logs.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { Org, OrgState } from "#orgs/org.ts";
import { findOrgsWithPendingActions } from "#orgs/store/operator-actions.ts";
import { countOrgsOnShard, findOrg, findOrgsOnShard } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import type { TickShare } from "#platform/jobs/tick-share.ts";
import { shardDatabase } from "#platform/shards.ts";
import { eventIdDays } from "./audit-event.ts";
import type { LogAddress } from "./audit-log.ts";
import { drainOutbox } from "./drain-outbox.ts";
import { callLedger } from "./ledger-stub.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** As many as one tick can name: about 6 MB. */
const SIGNED_LOGS_MAX = 10_000;
/** Two calls a log and five D1 queries a page, of the 10,000 and 1,000 that an invocation may make. */
const PAGE_LOGS = 250;
const PAGES_AT_ONCE = 4;
const FORWARDED_ORGS_MAX = 50;
const EXPIRED_ORGS_MAX = 50;
/** How long entries wait for their bundle of 256 to be full and expired. */
const OVERDUE_DAYS = 7;
const QUERIES = { sign: 1, forward: 4, expire: 6, destroy: 2 };

/** Those that wait longest first; what does not fit in the tick is first in the next one. */
export async function signShard(env: Env, shard: string, share: TickShare): Promise<void> {
  if (!share.take(QUERIES.sign)) return;
  const rows = await findLogsToSign(shardDatabase(env, shard), Date.now(), SIGNED_LOGS_MAX);
  const pace = { atOnce: PAGES_AT_ONCE, queries: 0 };
  await share.attemptEach(
    pagesOf(rows),
    pace,
    () => shard,
    async (logs) => {
      const failed = await signPage(shard, logs);
      if (failed > 0) throw new Error("logs could not be signed");
    },
  );
}

function pagesOf(rows: readonly AuditLogRow[]): AuditLogRow[][] {
  const pages = Math.ceil(rows.length / PAGE_LOGS);
  return Array.from({ length: pages }, (_, page) =>
    rows.slice(page * PAGE_LOGS, (page + 1) * PAGE_LOGS),
  );
}

/** What requests recorded and could not bring to the ledger. */
export async function drainOutboxes(env: Env, share: TickShare): Promise<void> {
  if (!share.take(1)) return;
  for (const name of await findOrgsWithPendingActions(env.DIRECTORY, FORWARDED_ORGS_MAX)) {
    if (!share.take(QUERIES.forward)) return;
    await share.attempt(name, async () => {
      const org = await findOrg(env.DIRECTORY, name);
      if (org !== null) await drainOutbox(env, { ...org, log: org.auditLog });
    });
  }
}

/** Each minute has its page of the shard's orgs; deleted ones too, for a log outlives its org. */
export async function expireEntries(
  env: Env,
  shard: string,
  nowMs: number,
  share: TickShare,
): Promise<void> {
  for (const state of ["active", "deleting", "deleted"] as const) {
    if (!share.take(QUERIES.expire)) return;
    const orgs = await pageOfOrgs(env, shard, state, nowMs);
    for (const { address, auditDays } of await expiredLogs(env, shard, orgs, nowMs)) {
      await share.attempt(address.org, () => announce(env, address, auditDays, nowMs));
    }
    if (state === "deleted") await destroyLogs(env, orgs, nowMs, share);
  }
}

interface ExpiredLog {
  address: LogAddress;
  auditDays: number;
}

async function expiredLogs(
  env: Env,
  shard: string,
  orgs: readonly Org[],
  nowMs: number,
): Promise<ExpiredLog[]> {
  const auditDays = new Map(orgs.map(({ org, retention }) => [org, retention.auditDays]));
  const oldest = await findOldestEntries(shardDatabase(env, shard), [...auditDays.keys()]);
  return oldest
    .map(({ org, log, oldestAtMs }) => {
      const days = auditDays.get(org) ?? 0;
      return { address: { org, log, shard }, auditDays: days, oldestAtMs };
    })
    .filter((log) => log.oldestAtMs < nowMs - log.auditDays * DAY_MS);
}

async function pageOfOrgs(env: Env, shard: string, state: OrgState, nowMs: number): Promise<Org[]> {
  const count = await countOrgsOnShard(env.DIRECTORY, shard, state);
  const pages = Math.max(1, Math.ceil(count / EXPIRED_ORGS_MAX));
  const offset = (Math.floor(nowMs / MINUTE_MS) % pages) * EXPIRED_ORGS_MAX;
  return findOrgsOnShard(env.DIRECTORY, shard, state, { offset, limit: EXPIRED_ORGS_MAX });
}

/** The first step of pruning: the rest follows once the announcement is signed. */
async function announce(
  env: Env,
  address: LogAddress,
  auditDays: number,
  nowMs: number,
): Promise<void> {
  const terms = {
    expiredBefore: formatTimestamp(nowMs - auditDays * DAY_MS),
    overdueBefore: formatTimestamp(nowMs - (auditDays + OVERDUE_DAYS) * DAY_MS),
    auditDays,
  };
  const eventId = uuid7FromRandom(nowMs, crypto.getRandomValues(new Uint8Array(10)));
  await callLedger(env, address, (ledger) => ledger.announcePruning(address, terms, eventId));
}

async function destroyLogs(
  env: Env,
  orgs: readonly Org[],
  nowMs: number,
  share: TickShare,
): Promise<void> {
  for (const { org, shard, retention } of orgs) {
    if (!share.take(QUERIES.destroy)) return;
    const beforeMs = nowMs - eventIdDays(retention.auditDays) * DAY_MS;
    const db = shardDatabase(env, shard);
    for (const log of await findEmptiedLogs(db, org, beforeMs)) {
      await share.attempt(org, async () => {
        const before = formatTimestamp(beforeMs);
        const isGone = await callLedger(env, log, (ledger) => ledger.destroy(before));
        if (isGone) await deleteAuditLog(db, log);
      });
    }
  }
}
