/** The gateway's entries that wait in the directory for their ledger. */
import type { AuditEvent } from "#audit/audit-event.ts";
import type { CallEnding, EndedCall, OpenCall } from "#audit/calls/open-call.ts";

/** A decision made without the ledger, or a completion that a closed log did not take. */
export interface WaitingEntry {
  event: AuditEvent;
  /** Null where nothing is to be completed. */
  call: OpenCall | null;
  ending: CallEnding | null;
}

const INSERT = `INSERT INTO decision_outbox (id, org, event, call, ending, due_at_ms)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING`;
/** Of a decision that is there already nothing is counted. */
const COUNT = `INSERT INTO undurable_decisions (org, decisions) SELECT ?1, 1 WHERE changes() > 0
  ON CONFLICT (org) DO UPDATE SET decisions = decisions + 1`;

/** One transaction: the decision, and that one more was made so. */
export async function insertDecision(
  db: D1Database,
  org: string,
  { event, call, ending }: WaitingEntry,
  dueAtMs: number,
): Promise<void> {
  const row = [jsonOrNull(call), jsonOrNull(ending), call === null ? null : dueAtMs];
  const insert = db.prepare(INSERT).bind(event.event_id, org, JSON.stringify(event), ...row);
  await db.batch([insert, db.prepare(COUNT).bind(org)]);
}

export async function insertCompletions(
  db: D1Database,
  org: string,
  events: readonly AuditEvent[],
): Promise<void> {
  const insert = `INSERT INTO decision_outbox (id, org, event)
    SELECT value ->> 'event_id', ?1, value FROM json_each(?2) WHERE true ON CONFLICT DO NOTHING`;
  await db.prepare(insert).bind(org, JSON.stringify(events)).run();
}

/** False once there are so many; what is counted is bounded. */
export async function hasRoomInOutbox(
  db: D1Database,
  org: string,
  rowsMax: number,
): Promise<boolean> {
  const query = `SELECT count(*) AS waiting FROM
    (SELECT 1 FROM decision_outbox WHERE org = ?1 LIMIT ?2)`;
  const row = await db.prepare(query).bind(org, rowsMax).first<{ waiting: number }>();
  return (row?.waiting ?? 0) < rowsMax;
}

/** False if the call has ended already, or its row is gone. */
export async function endDecision(
  db: D1Database,
  id: string,
  ending: CallEnding,
): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE decision_outbox SET ending = ?2, wait_key = NULL
       WHERE id = ?1 AND call IS NOT NULL AND ending IS NULL`,
    )
    .bind(id, JSON.stringify(ending))
    .run();
  return meta.changes > 0;
}

/** It is still served, until then at least; or, with a key, waits for another round. */
export async function postponeDecision(
  db: D1Database,
  id: string,
  { dueAtMs, key }: { dueAtMs: number; key: string | null },
): Promise<void> {
  const free = `UPDATE decision_outbox SET wait_key = NULL
    WHERE wait_key = ?1 AND id <> ?2 AND org = (SELECT org FROM decision_outbox WHERE id = ?2)`;
  const set = `UPDATE decision_outbox SET due_at_ms = ?2, wait_key = ?3
    WHERE id = ?1 AND call IS NOT NULL AND ending IS NULL`;
  const statements = [db.prepare(set).bind(id, dueAtMs, key)];
  if (key !== null) statements.unshift(db.prepare(free).bind(key, id));
  await db.batch(statements);
}

export async function resumeDecision(
  db: D1Database,
  org: string,
  { key, dueAtMs }: { key: string; dueAtMs: number },
): Promise<OpenCall | null> {
  const row = await db
    .prepare(
      `UPDATE decision_outbox SET wait_key = NULL, due_at_ms = ?3
       WHERE org = ?1 AND wait_key = ?2 AND ending IS NULL RETURNING call`,
    )
    .bind(org, key, dueAtMs)
    .first<{ call: string }>();
  return row === null ? null : JSON.parse(row.call);
}

/** Those of the keys by which one of them waits. */
export async function findWaitingKeys(
  db: D1Database,
  org: string,
  keys: readonly string[],
): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT wait_key AS key FROM decision_outbox
       WHERE org = ?1 AND wait_key IN (SELECT value FROM json_each(?2)) AND ending IS NULL`,
    )
    .bind(org, JSON.stringify(keys))
    .all<{ key: string }>();
  return results.map(({ key }) => key);
}

/** Calls whose time is over: each ends by itself, if no one was faster. */
export async function findOverdueCalls(
  db: D1Database,
  org: string,
  { nowMs, limit }: { nowMs: number; limit: number },
): Promise<{ call: OpenCall; dueAtMs: number; isWaiting: boolean }[]> {
  const { results } = await db
    .prepare(
      `SELECT call, due_at_ms AS dueAtMs, wait_key IS NOT NULL AS isWaiting FROM decision_outbox
       WHERE org = ?1 AND call IS NOT NULL AND ending IS NULL AND due_at_ms < ?2 ORDER BY id LIMIT ?3`,
    )
    .bind(org, nowMs, limit)
    .all<{ call: string; dueAtMs: number; isWaiting: number }>();
  return results.map((row) => ({
    call: JSON.parse(row.call),
    dueAtMs: row.dueAtMs,
    isWaiting: row.isWaiting === 1,
  }));
}

export async function findUncountedCalls(
  db: D1Database,
  org: string,
  limit: number,
): Promise<EndedCall[]> {
  const { results } = await db
    .prepare(
      `SELECT call, ending FROM decision_outbox
       WHERE org = ?1 AND ending IS NOT NULL AND is_counted = 0 ORDER BY id LIMIT ?2`,
    )
    .bind(org, limit)
    .all<{ call: string; ending: string }>();
  return results.map(({ call, ending }) => ({
    call: JSON.parse(call),
    ending: JSON.parse(ending),
    unrecorded: null,
  }));
}

export async function markCounted(db: D1Database, ids: readonly string[]): Promise<void> {
  await db
    .prepare(
      `UPDATE decision_outbox SET is_counted = 1
       WHERE ending IS NOT NULL AND id IN (SELECT value FROM json_each(?1))`,
    )
    .bind(JSON.stringify(ids))
    .run();
}

/** Those of which nothing more will be told, oldest first. */
export async function findSettledEntries(
  db: D1Database,
  org: string,
  limit: number,
): Promise<WaitingEntry[]> {
  const { results } = await db
    .prepare(
      `SELECT event, call, ending FROM decision_outbox
       WHERE org = ?1 AND (call IS NULL OR ending IS NOT NULL) ORDER BY id LIMIT ?2`,
    )
    .bind(org, limit)
    .all<{ event: string; call: string | null; ending: string | null }>();
  return results.map(({ event, call, ending }) => ({
    event: JSON.parse(event),
    call: call === null ? null : JSON.parse(call),
    ending: ending === null ? null : JSON.parse(ending),
  }));
}

export async function findUndurableDecisions(db: D1Database, org: string): Promise<number> {
  const query = "SELECT decisions FROM undurable_decisions WHERE org = ?1";
  return (await db.prepare(query).bind(org).first<{ decisions: number }>())?.decisions ?? 0;
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
