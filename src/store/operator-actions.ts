/** What operators did, recorded where and when they did it. */

export type OperatorActionName = `operator.${string}.${string}`;

export interface OperatorAction {
  /** UUIDv7. */
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

const INSERT_AFTER_CHANGE = `INSERT INTO operator_actions
  (id, org, occurred_at_ms, actor, action, outcome, target, details, request_id)
  SELECT ?1, ?2, ?3, ?4, ?5, 'allowed', ?6, ?7, ?8 WHERE changes() > 0`;

/**
 * The statement to put right after the change it records, in the same `db.batch()`: one transaction,
 * so no change goes unrecorded; and `changes()` is that statement's count, so nothing is recorded
 * that did not happen.
 */
export function recordOperatorAction(db: D1Database, action: OperatorAction): D1PreparedStatement {
  return db
    .prepare(INSERT_AFTER_CHANGE)
    .bind(
      action.id,
      action.org,
      action.occurredAtMs,
      action.actor,
      action.action,
      action.target,
      JSON.stringify(action.details),
      action.requestId,
    );
}
