/**
 * The baseline of an append: node:sqlite inserting the same events into the ledger's own schema,
 * triggers and indexes, with the same canonical JSON and hashes. It has no JSON to parse, no id to
 * look up, no receipt to give, and of the tree only the tile of leaves.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type AuditEvent, parseAuditEvent } from "#audit/audit-event.ts";
import { MIGRATIONS } from "#audit/ledger/schema.ts";
import { fingerprintsOf, packRecords } from "#audit/ledger/sketches/id-runs.ts";
import { BundlePostings } from "#audit/ledger/sketches/postings.ts";
import { ENTRY_TIME_SQL } from "#audit/ledger/times/timed-range.ts";
import { canonicalJson } from "#formats/canonical-json.ts";
import { sha256 } from "#formats/sha256.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { AuditReport } from "../harness/audit-load.ts";

/** A transaction each. */
export async function appendRaw(
  org: string,
  reports: readonly AuditReport[],
): Promise<{ elapsedMs: number; cpuMs: number }> {
  const folder = await mkdtemp(join(tmpdir(), "mcpg-raw-"));
  const db = new DatabaseSync(join(folder, "raw.sqlite"));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  for (const migration of MIGRATIONS) db.exec(migration);
  db.exec(`INSERT INTO log (id, org, number, shard, origin) VALUES (1, '${org}', 1, 's', 'o')`);
  const parsed = reports.map(auditEventsOf);
  const append = appender(db, org);
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  for (const events of parsed) append(events);
  const elapsedMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  db.close();
  await rm(folder, { recursive: true, force: true });
  return { elapsedMs, cpuMs: (user + system) / 1e3 };
}

export function auditEventsOf(report: AuditReport): AuditEvent[] {
  const nowMs = Date.now();
  const context = {
    instanceId: report.instance_id,
    recordedBy: "operator:admin",
    tokenId: null,
    auditDays: 30,
    nowMs,
    newEventId: () => uuid7FromRandom(nowMs, crypto.getRandomValues(new Uint8Array(10))),
  };
  return report.events.map((event) => parseAuditEvent(event, "", context) as AuditEvent);
}

/** As the ledger keeps it: canonical JSON, with the hash of the entry before it. */
export function entryBody(
  event: AuditEvent,
  org: string,
  previous: Uint8Array,
  recordedAt: string,
): string {
  const previousHash = Buffer.from(previous).toString("hex");
  return canonicalJson({ ...event, org, previous_hash: previousHash, recorded_at: recordedAt });
}

function appender(db: DatabaseSync, org: string): (events: readonly AuditEvent[]) => void {
  const insert = db.prepare(
    "INSERT INTO entries (seq, body, hash, previous_hash, leaf, begins_append) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const takeEntries = db.prepare("UPDATE log SET tree_size = ?");
  const completeBundle = bundleWriter(db);
  let previous: Uint8Array = Buffer.alloc(32);
  let seq = 0;
  let leaves: Uint8Array[] = [];
  let records: number[] = [];
  let postings = new BundlePostings(0);
  return (events) => {
    const recordedAt = new Date().toISOString();
    db.exec("BEGIN IMMEDIATE");
    for (const event of events) {
      const body = entryBody(event, org, previous, recordedAt);
      const bytes = Buffer.from(body);
      const hash = sha256(bytes);
      const leaf = leafHash(bytes);
      insert.run(seq, body, hash, previous, leaf, event === events[0] ? 1 : null);
      leaves.push(leaf);
      records.push(
        ...fingerprintsOf({
          seq,
          requestId: event.request_id,
          traceId: event.trace_id,
          invocationId: event.invocation_id,
        }),
      );
      const { action, actor, instance_id: instance, outcome } = event;
      postings.add({ seq, action, actor, instance, outcome });
      previous = hash;
      seq += 1;
      if (leaves.length < TILE_WIDTH) continue;
      completeBundle(seq / TILE_WIDTH - 1, leaves, packRecords(records), postings.pack());
      leaves = [];
      records = [];
      postings = new BundlePostings(seq / TILE_WIDTH);
    }
    takeEntries.run(seq);
    db.exec("COMMIT");
  };
}

function bundleWriter(
  db: DatabaseSync,
): (index: number, leaves: readonly Uint8Array[], ids: Uint8Array, postings: Uint8Array) => void {
  const insertTile = db.prepare("INSERT INTO tiles (level, idx, hashes) VALUES (0, ?, ?)");
  const insertBundle = db.prepare(
    `INSERT INTO bundles (idx, time_min, time_max, bytes, ids, postings)
     SELECT ?1, min(${ENTRY_TIME_SQL}), max(${ENTRY_TIME_SQL}), sum(octet_length(body) + 1), ?2, ?3 FROM entries
     WHERE seq >= ?1 * ${TILE_WIDTH} AND seq < (?1 + 1) * ${TILE_WIDTH}`,
  );
  return (index, leaves, ids, postings) => {
    insertTile.run(index, Buffer.concat(leaves));
    insertBundle.run(index, ids, postings);
  };
}
