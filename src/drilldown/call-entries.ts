/**
 * The ledger's entries about one call: from the org's log and, for a call of before a recovery, from
 * earlier logs.
 */

import type { LogAddress } from "#audit/audit-log.ts";
import { currentLog } from "#audit/current-log.ts";
import type { AuditFilter } from "#audit/entry-filter.ts";
import type { EntryPage } from "#audit/ledger/search.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import type { StoredCall } from "#calls/store/shard-schema.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { auditSearches, type CallEntry, isEntryOfCall } from "./call-audit.ts";

/** How far from the call its entries may be: an entry without a time of its own has that of its report. */
const ENTRIES_WITHIN_MS = 5 * MINUTE_MS;
/**
 * Pages read of each search: a page looks at 2,000 entries, and a busy trace may have many of other calls.
 */
const PAGES_MAX = 5;
const ENTRIES_MAX = 100;
const EARLIER_LOGS_MAX = 3;

/** The entries about the call, oldest first, each once. */
export async function findEntries(env: Env, org: Org, call: StoredCall): Promise<CallEntry[]> {
  const window = windowOf(call);
  const searches = auditSearches(call, window);
  const current = currentLog(org);
  const oldest = Math.max(1, current.log - EARLIER_LOGS_MAX);
  const found: CallEntry[] = [];
  for (let log = current.log; log >= oldest; log -= 1) {
    const address = { ...current, log };
    const [lists, isFarEnough] = await Promise.all([
      Promise.all(searches.map((filter) => searchLog(env, address, call, filter))),
      beganBefore(env, address, window.from),
    ]);
    const bySeq = new Map(lists.flat().map((entry) => [entry.seq, entry]));
    found.unshift(...[...bySeq.values()].sort((a, b) => a.seq - b.seq));
    if (isFarEnough) break;
  }
  return found;
}

function windowOf(call: StoredCall): { from: string; to: string } {
  const untilMs = Math.max(call.startedAtMs + call.durationUs / 1_000, call.ingestedAtMs);
  return {
    from: formatTimestamp(call.startedAtMs - ENTRIES_WITHIN_MS),
    to: formatTimestamp(Math.ceil(untilMs) + ENTRIES_WITHIN_MS),
  };
}

/** Searches a page at a time, of which only the call's own entries are kept. */
async function searchLog(
  env: Env,
  address: LogAddress,
  call: StoredCall,
  filter: AuditFilter,
): Promise<CallEntry[]> {
  const found: CallEntry[] = [];
  let behind: number | null = null;
  for (let pages = 0; pages < PAGES_MAX && found.length < ENTRIES_MAX; pages += 1) {
    const bounds: { behind: number | null; limit: number } = { behind, limit: ENTRIES_MAX };
    const page: EntryPage = await callLedger(env, address, (ledger) =>
      ledger.search(filter, bounds),
    );
    for (const entry of page.entries) {
      if (isEntryOfCall(call, entry)) found.push({ ...entry, log: address.log });
    }
    behind = page.end;
    if (behind === null) break;
  }
  return found.slice(0, ENTRIES_MAX);
}

/**
 * Whether the log began before the time, as its first entry or that one's being pruned tells: what an
 * earlier log has is older still.
 */
async function beganBefore(env: Env, address: LogAddress, time: string): Promise<boolean> {
  if (address.log === 1) return true;
  const first = await callLedger(env, address, (ledger) => ledger.entry(0));
  if (first === null) return false;
  if (first === "pruned") return true;
  return (JSON.parse(first.body) as { recorded_at: string }).recorded_at <= time;
}
