/**
 * The Worker with calls through the gateway callable without an upstream: each is decided, lasts as long as it is
 * told to, and ends. The rows that its ledger and D1 are billed for are counted, alarms among them.
 */
import { app } from "#app.ts";
import { Ledger as PlainLedger } from "#audit/ledger/ledger.ts";
import { runCron } from "#cron.ts";
import type { Env } from "#platform/env.ts";
import { BilledRows } from "./billed-rows.ts";
import { callThrough } from "./gateway-call.ts";

export { JobRun } from "#cron.ts";

const billed = new BilledRows();
const counted = new WeakMap<Env, Env>();

/** One env a real env, as in production: settings are parsed once. */
function countedEnv(env: Env): Env {
  const known = counted.get(env);
  if (known !== undefined) return known;
  const DIRECTORY = billed.counting(env.DIRECTORY);
  const wrapped = { ...env, DIRECTORY, SHARD_0: billed.counting(env.SHARD_0) };
  counted.set(env, wrapped);
  return wrapped;
}

export interface LedgerRows {
  read: number;
  written: number;
  alarms: number;
}

type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>;

export class Ledger extends PlainLedger {
  readonly #cursors: Cursor[];
  readonly #alarms: { set: number };

  constructor(ctx: DurableObjectState, env: Env) {
    const cursors: Cursor[] = [];
    const alarms = { set: 0 };
    const { sql } = ctx.storage;
    const [exec, setAlarm] = [sql.exec.bind(sql), ctx.storage.setAlarm.bind(ctx.storage)];
    sql.exec = <Row extends Record<string, SqlStorageValue>>(
      query: string,
      ...values: unknown[]
    ) => {
      const cursor = exec<Row>(query, ...values);
      cursors.push(cursor as unknown as Cursor);
      return cursor;
    };
    ctx.storage.setAlarm = (...args) => {
      alarms.set += 1;
      return setAlarm(...args);
    };
    super(ctx, countedEnv(env));
    this.#cursors = cursors;
    this.#alarms = alarms;
  }

  takeRows(): LedgerRows {
    const rows = { read: 0, written: 0, alarms: this.#alarms.set };
    for (const { rowsRead, rowsWritten } of this.#cursors.splice(0)) {
      rows.read += rowsRead;
      rows.written += rowsWritten;
    }
    this.#alarms.set = 0;
    return rows;
  }

  /** As if a minute had passed in which no isolate told of any call, and D1 was given all. */
  async giveUp(): Promise<number> {
    const nowMs = Date.now();
    this.sql.exec(
      "UPDATE open_calls SET due_at_ms = ?1 - 60000, missed_at_ms = ?1 - 25000 WHERE is_waiting = 0",
      nowMs,
    );
    await this.alarm();
    const query =
      "SELECT (SELECT count(*) FROM open_calls) + (SELECT count(*) FROM ended_calls) AS n";
    return this.sql.exec<{ n: number }>(query).one().n;
  }
}

type Control = (env: Env, parameters: URLSearchParams, ctx: ExecutionContext) => Promise<unknown>;

interface ControlledLedger {
  takeRows(): Promise<LedgerRows>;
  giveUp(): Promise<number>;
}

const ledgerOf = (env: Env, parameters: URLSearchParams) =>
  env.LEDGER.getByName(`${parameters.get("org")}/1`) as unknown as ControlledLedger;

const CONTROLS: Record<string, Control> = {
  "/gateway/call": callThrough,
  "/gateway/rows": async (env, parameters) => ({
    ledger: await ledgerOf(env, parameters).takeRows(),
    d1: billed.take(),
  }),
  "/gateway/give-up": async (env, parameters) => ({
    left: await ledgerOf(env, parameters).giveUp(),
  }),
  "/gateway/tick": async (env) => {
    await runCron(env, Date.now());
    return {};
  },
};

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const control = CONTROLS[pathname];
    if (control === undefined) return app.fetch(request, countedEnv(env), ctx);
    try {
      return Response.json(await control(countedEnv(env), searchParams, ctx));
    } catch (error) {
      return Response.json({ error: String(error) }, { status: 503 });
    }
  },
};
