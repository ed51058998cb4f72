/** Retention as a test needs it: at once, and as far as the test says. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { LogAddress } from "#audit/audit-log.ts";
import type { RetentionTerms } from "#audit/ledger/pruning.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { newId } from "../../harness/new-id.ts";
import { inLedger, ledgerOf, objectOf, sign } from "./test-log.ts";

const DAY_MS = 86_400_000;

/** As the cron asks at `nowMs` of an org with that retention. */
export function termsAt(nowMs: number, auditDays: number): RetentionTerms {
  return {
    expiredBefore: formatTimestamp(nowMs - auditDays * DAY_MS),
    overdueBefore: formatTimestamp(nowMs - (auditDays + 7) * DAY_MS),
    auditDays,
  };
}

export function announce(log: LogAddress, terms: RetentionTerms) {
  return ledgerOf(log).announcePruning(log, terms, newId());
}

/** Longer than anything but the next pass over the log lets an alarm wait, with its jitter. */
const SOON_MS = 3_600_000;

/** When the ledger's alarm rings; null if not within the hour. */
export async function nextAlarm(log: LogAddress): Promise<number | null> {
  const at = await runInDurableObject(objectOf(log), (_, { storage }) => storage.getAlarm());
  return at === null || at > Date.now() + SOON_MS ? null : at;
}

/**
 * Alarms until nothing is due: it deletes what is pruned, and tells D1 its size. An alarm that stays as it was is
 * for a pass that is to begin.
 */
export async function runAlarms(log: LogAddress): Promise<void> {
  let last: number | null = null;
  for (let at = await nextAlarm(log); at !== null && at !== last; at = await nextAlarm(log)) {
    last = at;
    await runDurableObjectAlarm(objectOf(log));
  }
}

/** A full pass over the log, now. */
export async function runScrub(log: LogAddress): Promise<void> {
  const due = `INSERT INTO scrub (id, next_at_ms) VALUES (1, 0)
    ON CONFLICT (id) DO UPDATE SET next_at_ms = 0`;
  await runInDurableObject(objectOf(log), async (_, { storage }) => {
    storage.sql.exec(due);
    await storage.setAlarm(Date.now() + SOON_MS / 2);
  });
  await runAlarms(log);
}

/** All three steps. Everything there is has expired, whole bundles of it only. */
export async function pruneTo(log: LogAddress, minIndex: number): Promise<void> {
  const terms = termsAt(Date.now() + DAY_MS, 0);
  const answer = await announce(log, { ...terms, overdueBefore: "" });
  if (answer !== "announced") throw new Error(answer);
  await sign(log);
  await runAlarms(log);
  const query = "SELECT min_index AS n FROM log";
  const { n } = await inLedger(log, (sql) => sql.exec<{ n: number }>(query).one());
  if (n !== minIndex) throw new Error(`pruned to ${n}`);
}
