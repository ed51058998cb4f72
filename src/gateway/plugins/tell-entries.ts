/** Brings entries about plugins' tools into their org's ledger: at once where they are made, else by the cron. */

import { writeToLog } from "#audit/current-log.ts";
import { ownEvent } from "#audit/own-event.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import type { PluginEntry } from "#gateway/plugins/drift-entries.ts";
import { findEntries, forgetEntries } from "#gateway/plugins/store/entry-rows.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { streamsOf } from "#streams/streams-of.ts";

/** As many as a report may have events: one append. */
const ENTRIES_MAX = 256;

/** Two queries. Idempotent, and safe beside itself: the ledger knows an entry by its id. */
export async function tellPluginEntries(env: Env, org: Org): Promise<"done" | "more"> {
  const db = shardDatabase(env, org.shard);
  const entries = await findEntries(db, org.org, ENTRIES_MAX);
  if (entries.length === 0) return "done";
  // While the org's audit stream is disabled, plugins' lives are not kept.
  const { audit } = await streamsOf(env, org.org);
  if (audit.enabled) {
    const events = entries.map(eventOf);
    const { answer } = await writeToLog(env, org, (ledger, log) => ledger.append(log, events));
    if (answer.kind !== "appended") throw new Error(`plugin entries: ${answer.kind}`);
  }
  await forgetEntries(
    db,
    org.org,
    entries.map(({ id }) => id),
  );
  return entries.length < ENTRIES_MAX ? "done" : "more";
}

function eventOf(entry: PluginEntry) {
  const { id, action, outcome, actor, target, workspace, details, requestId } = entry;
  const own = ownEvent({
    action,
    actor,
    details,
    event_id: id,
    occurred_at: formatTimestamp(entry.occurredAtMs),
    recorded_by: actor,
    request_id: requestId,
    target,
  });
  return { ...own, outcome, workspace };
}
