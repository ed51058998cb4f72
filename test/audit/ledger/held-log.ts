/** Holds by the hundred, as if each had been placed by itself. */
import type { LogAddress } from "#audit/audit-log.ts";
import { newId } from "../../harness/new-id.ts";
import { append, holdEvent, inLedger } from "./test-log.ts";

/** Their ids, in the order of their entries. */
export async function holdTimes(log: LogAddress, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId());
  await append(
    log,
    ids.map((id) => holdEvent("placed", id)),
  );
  await inLedger(log, (sql) => {
    sql.exec(
      `INSERT INTO holds (id, reason, placed_by, placed_at_ms)
       SELECT value, 'An inquiry', 'user:counsel', 1 FROM json_each(?)`,
      JSON.stringify(ids),
    );
  });
  return ids;
}
