/** The Worker with a ledger that counts the rows its SQL reads and writes: they are the object's bill. */
import { app } from "#app.ts";
import { Ledger as PlainLedger } from "#audit/ledger/ledger.ts";
import type { Env } from "#platform/env.ts";

export { JobRun } from "#cron.ts";

interface Rows {
  rowsRead: number;
  rowsWritten: number;
}

export class Ledger extends PlainLedger {
  readonly #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[];

  constructor(ctx: DurableObjectState, env: Env) {
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    const { sql } = ctx.storage;
    const exec = sql.exec.bind(sql);
    sql.exec = <Row extends Record<string, SqlStorageValue>>(
      query: string,
      ...values: unknown[]
    ) => {
      const cursor = exec<Row>(query, ...values);
      cursors.push(cursor as unknown as SqlStorageCursor<Record<string, SqlStorageValue>>);
      return cursor;
    };
    super(ctx, env);
    this.#cursors = cursors;
  }

  /** The counts since the last call; of an alarm's row, which the runtime bills too, they know nothing. */
  takeRows(): Rows {
    const rows = { rowsRead: 0, rowsWritten: 0 };
    for (const { rowsRead, rowsWritten } of this.#cursors.splice(0)) {
      rows.rowsRead += rowsRead;
      rows.rowsWritten += rowsWritten;
    }
    return rows;
  }
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/bench/ledger-rows") return app.fetch(request, env, ctx);
    const stub = env.LEDGER.getByName(`${searchParams.get("org")}/1`);
    return Response.json(await (stub as unknown as { takeRows(): Promise<Rows> }).takeRows());
  },
};
