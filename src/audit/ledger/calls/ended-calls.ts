/** Calls that ended, until D1 has taken what is to be kept of them. */
import type { EndedCall } from "#audit/calls/open-call.ts";

export function insertEndedCalls(sql: SqlStorage, ended: readonly EndedCall[]): void {
  if (ended.length === 0) return;
  sql.exec(
    `INSERT INTO ended_calls (batch, calls)
     VALUES ((SELECT coalesce(max(batch), 0) + 1 FROM ended_calls), ?)`,
    JSON.stringify(ended),
  );
}

export interface EndedBatches {
  batches: number[];
  calls: EndedCall[];
}

/** As many as a report may have samples. */
const CALLS_MAX = 1_000;

/** The oldest. */
export function readEndedCalls(sql: SqlStorage): EndedBatches {
  const batches: number[] = [];
  const calls: EndedCall[] = [];
  const rows = sql.exec<{ batch: number; calls: string }>(
    "SELECT batch, calls FROM ended_calls ORDER BY batch LIMIT 100",
  );
  for (const row of rows) {
    const added: EndedCall[] = JSON.parse(row.calls);
    if (calls.length > 0 && calls.length + added.length > CALLS_MAX) break;
    batches.push(row.batch);
    calls.push(...added);
  }
  return { batches, calls };
}

/** By number: what came meanwhile has another, for none is given again while an older one is there. */
export function deleteEndedCalls(sql: SqlStorage, batches: readonly number[]): void {
  const query = "DELETE FROM ended_calls WHERE batch IN (SELECT value FROM json_each(?))";
  sql.exec(query, JSON.stringify(batches));
}

export function hasEndedCalls(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM ended_calls LIMIT 1").toArray().length > 0;
}
