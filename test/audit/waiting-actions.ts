/** An outbox with more in it than an append takes. */
import { workerEnv } from "../harness/deployment.ts";
import { newId } from "../harness/new-id.ts";

const DAY_MS = 86_400_000;

/** So many deeds of yesterday wait for the org's ledger, before any of today. */
export async function waitingActions(org: string, count: number): Promise<void> {
  const yesterdayMs = Date.now() - DAY_MS;
  const ids = Array.from({ length: count }, () => newId(yesterdayMs));
  await workerEnv.DIRECTORY.prepare(
    `INSERT INTO ledger_outbox (id, org, occurred_at_ms, actor, action, details)
     SELECT value, ?2, ?3, 'operator:admin', 'operator.token.created', '{}' FROM json_each(?1)`,
  )
    .bind(JSON.stringify(ids), org, yesterdayMs)
    .run();
}
