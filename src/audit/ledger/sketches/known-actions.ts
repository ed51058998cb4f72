/**
 * Every action that an entry of the log has had, a row each: a prefix of actions is looked up as the actions that
 * begin with it. Those of pruned entries stay.
 */

/** With more actions under a prefix, looking them all up costs more than looking at every entry. */
const FOUND_ACTIONS_MAX = 256;

/** Returns how many were not known. */
export function keepActions(sql: SqlStorage, actions: ReadonlySet<string>): number {
  return sql.exec(
    `INSERT INTO actions (action) SELECT value FROM json_each(?)
     WHERE NOT EXISTS (SELECT 1 FROM actions WHERE action = value)`,
    JSON.stringify([...actions]),
  ).rowsWritten;
}

/** Null when there are too many. */
export function actionsWith(sql: SqlStorage, prefix: string): string[] | null {
  const actions: string[] = [];
  const rows = sql.exec<{ action: string }>(
    "SELECT action FROM actions WHERE action >= ? ORDER BY action LIMIT ?",
    prefix,
    FOUND_ACTIONS_MAX + 1,
  );
  for (const { action } of rows) {
    if (!action.startsWith(prefix)) break;
    actions.push(action);
  }
  return actions.length > FOUND_ACTIONS_MAX ? null : actions;
}
