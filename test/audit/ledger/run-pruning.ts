/** Retention as a test needs it: at once, and as far as the test says. */
import { runDurableObjectAlarm } from "cloudflare:test";
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

/** Alarms until the ledger sets none: it deletes what is pruned, and tells D1 its size. */
export async function runAlarms(log: LogAddress): Promise<void> {
  while (await runDurableObjectAlarm(objectOf(log)));
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
