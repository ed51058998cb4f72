/** Retention as a test needs it: at once, and as far as the test says. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { LogAddress } from "#audit/audit-log.ts";
import type { RetentionTerms } from "#audit/ledger/pruning.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { newId } from "../../harness/new-id.ts";
import { inLedger, ledgerOf, objectOf, sign } from "./test-log.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** As the cron asks at `nowMs` of an org with that retention. */
export function termsAt(nowMs: number, auditDays: number): RetentionTerms {
  return {
    tickMs: nowMs,
    expiredBefore: formatTimestamp(nowMs - auditDays * DAY_MS),
    overdueBefore: formatTimestamp(nowMs - (auditDays + 7) * DAY_MS),
    auditDays,
  };
}

/** Asked when the ledger has seen its clock go on steadily for an hour. */
export async function announce(log: LogAddress, terms: RetentionTerms) {
  await settleLedgerClock(log);
  return ledgerOf(log).announcePruning(log, terms, newId());
}

/** As if an hour of ticks had agreed on the time of now. */
export function settleLedgerClock(log: LogAddress): Promise<void> {
  const nowMs = Date.now();
  return inLedger(log, (sql) => {
    sql.exec("INSERT OR REPLACE INTO clock VALUES (1, ?, ?, 1, 0)", nowMs, nowMs - HOUR_MS);
  });
}

/** Alarms until the ledger sets none, or none until that time: it deletes what is pruned, and tells D1 its size. */
export async function runAlarms(
  log: LogAddress,
  { untilMs = Number.POSITIVE_INFINITY } = {},
): Promise<void> {
  while ((await alarmAtMs(log)) <= untilMs && (await runDurableObjectAlarm(objectOf(log))));
}

async function alarmAtMs(log: LogAddress): Promise<number> {
  const atMs = await runInDurableObject(objectOf(log), (_, { storage }) => storage.getAlarm());
  return atMs ?? Number.NEGATIVE_INFINITY;
}

/** All three steps. Everything there is has expired, whole bundles of it only. */
export async function pruneTo(log: LogAddress, minIndex: number): Promise<void> {
  const terms = termsAt(Date.now() + DAY_MS, 0);
  const answer = await announce(log, { ...terms, tickMs: Date.now(), overdueBefore: "" });
  if (answer !== "announced") throw new Error(answer);
  await sign(log);
  await runAlarms(log);
  const query = "SELECT min_index AS n FROM log";
  const { n } = await inLedger(log, (sql) => sql.exec<{ n: number }>(query).one());
  if (n !== minIndex) throw new Error(`pruned to ${n}`);
}
