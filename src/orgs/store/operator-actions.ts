/**
 * What operators did: recorded in the transaction of the deed, and kept until the org's ledger has it.
 * No deed goes unrecorded though the ledger be out of reach, and none that did not happen is recorded.
 */

/** `plugin.*` is what gateways may report too: what an operator did to one has the gateway's word for it. */
export type OperatorActionName = `operator.${string}.${string}` | `plugin.${string}`;

export interface OperatorAction {
  /** UUIDv7: the entry's `event_id`, so that the ledger takes it once however often it is sent. */
  id: string;
  org: string;
  occurredAtMs: number;
  actor: string;
  action: OperatorActionName;
  target: string | null;
  /** Never a secret: this is copied into the org's ledger. */
  details: Record<string, string | boolean | null>;
  requestId: string | null;
}

const INSERT = `INSERT INTO ledger_outbox
  (id, org, occurred_at_ms, actor, action, target, details, request_id)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8`;
const INSERT_ONCE = `${INSERT} WHERE true ON CONFLICT DO NOTHING`;

/**
 * The statement to put right after the change it records, in the same `db.batch()`: one transaction,
 * and `changes()` is that statement's count.
 */
export function recordOperatorAction(db: D1Database, action: OperatorAction): D1PreparedStatement {
  return bound(db, `${INSERT} WHERE changes() > 0`, action);
}

/** Records a deed that changes nothing in this database. Idempotent. */
export async function insertOperatorAction(db: D1Database, action: OperatorAction): Promise<void> {
  await bound(db, INSERT_ONCE, action).run();
}

/** The same of deeds that were recorded with them in another database: an action is taken once. */
export async function insertOperatorActions(
  db: D1Database,
  actions: readonly OperatorAction[],
): Promise<void> {
  await db.batch(actions.map((action) => bound(db, INSERT_ONCE, action)));
}

function bound(db: D1Database, sql: string, action: OperatorAction): D1PreparedStatement {
  const { id, org, occurredAtMs, actor, target, requestId } = action;
  const details = JSON.stringify(action.details);
  return db
    .prepare(sql)
    .bind(id, org, occurredAtMs, actor, action.action, target, details, requestId);
}

const SELECT_PENDING = `SELECT id, org, occurred_at_ms AS occurredAtMs, actor, action, target, details,
    request_id AS requestId
  FROM ledger_outbox WHERE org = ?1 ORDER BY id LIMIT ?2`;

/** Oldest first. */
export async function findPendingActions(
  db: D1Database,
  org: string,
  limit: number,
): Promise<OperatorAction[]> {
  const { results } = await db
    .prepare(SELECT_PENDING)
    .bind(org, limit)
    .all<Omit<OperatorAction, "details"> & { details: string }>();
  return results.map((row) => ({ ...row, details: JSON.parse(row.details) }));
}

/** Where what is to go into an org's ledger waits for it. */
type LedgerOutbox = "ledger_outbox" | "decision_outbox";

/**
 * The shard's orgs behind the name `after` whose ledger does not have all of an outbox yet, each with the log that
 * it goes to.
 */
export async function findOrgsWithPending(
  db: D1Database,
  outbox: LedgerOutbox,
  shard: string,
  { after, limit }: { after: string | null; limit: number },
): Promise<{ org: string; auditLog: number }[]> {
  const { results } = await db
    .prepare(
      `SELECT DISTINCT p.org, o.audit_log AS auditLog
       FROM ${outbox} AS p CROSS JOIN orgs AS o ON o.org = p.org
       WHERE p.org > ?2 AND o.shard = ?1 ORDER BY p.org LIMIT ?3`,
    )
    .bind(shard, after ?? "", limit)
    .all<{ org: string; auditLog: number }>();
  return results;
}

/** Removes what the ledger has. */
export async function forgetPending(
  db: D1Database,
  outbox: LedgerOutbox,
  ids: readonly string[],
): Promise<void> {
  await db
    .prepare(`DELETE FROM ${outbox} WHERE id IN (SELECT value FROM json_each(?1))`)
    .bind(JSON.stringify(ids))
    .run();
}
