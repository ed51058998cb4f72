/**
 * The Worker under test, with what only time or disaster brings callable at any moment: ticks, alarms,
 * pruning, freezing, faults.
 */

import { app } from "#app.ts";
import type { AuditEvent } from "#audit/audit-event.ts";
import type { LogAddress } from "#audit/audit-log.ts";
import { Ledger as RealLedger } from "#audit/ledger/ledger.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import { signJob } from "#audit/sign-job.ts";
import { JobRun as RealJobRun, runCron } from "#cron.ts";
import { RETENTION_DETAILS } from "#formats/ledger/retention-change.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { Org } from "#orgs/org.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import {
  arm,
  countWaiting,
  type Fault,
  faultyDatabase,
  guardStatements,
  InjectedFault,
  release,
  setBarrier,
  strikes,
  timesStruck,
} from "./faults.ts";

const RETRIED_ALARM_MS = 2_000;
/** More than a life's log needs: some hundred entries. */
const SCRUB_ALARMS_MAX = 20;

const faulty = new WeakMap<Env, Env>();

/** One env a real env, as in production: settings are parsed once. */
function faultyEnv(env: Env): Env {
  const known = faulty.get(env);
  if (known !== undefined) return known;
  const [directory, shard] = [faultyDatabase(env.DIRECTORY), faultyDatabase(env.SHARD_0)];
  const wrapped = { ...env, DIRECTORY: directory, SHARD_0: shard };
  faulty.set(env, wrapped);
  return wrapped;
}

export interface AlarmState {
  at: number | null;
  isRunning: boolean;
  /** That are still stored: what the alarm is to delete. */
  prunedEntries: number;
}

export class Ledger extends RealLedger {
  #alarms = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    guardStatements(ctx);
    super(ctx, faultyEnv(env));
  }

  /** The alarm now instead of later. False if none is set: then nothing would ever come. */
  async ring(): Promise<boolean> {
    if ((await this.ctx.storage.getAlarm()) === null) return false;
    await this.ctx.storage.deleteAlarm();
    try {
      await this.alarm();
    } catch (error) {
      // As the runtime does.
      await this.ctx.storage.setAlarm(Date.now() + RETRIED_ALARM_MS);
      throw error;
    }
    return true;
  }

  /** A whole pass over the log, now. False if the log is closed, or has nothing. */
  async scrub(): Promise<boolean> {
    const { sql } = this.ctx.storage;
    const before = this.#passes();
    sql.exec(`INSERT INTO scrub (id, next_at_ms) VALUES (1, 0)
      ON CONFLICT (id) DO UPDATE SET next_at_ms = 0`);
    for (let alarms = 0; alarms < SCRUB_ALARMS_MAX; alarms += 1) {
      await this.ctx.storage.deleteAlarm();
      await this.alarm();
      if (this.#passes() !== before) return true;
    }
    return false;
  }

  #passes(): unknown {
    const [row] = this.ctx.storage.sql.exec("SELECT passed_at_ms FROM scrub").toArray();
    return row?.["passed_at_ms"];
  }

  async alarmState(): Promise<AlarmState> {
    const count = "SELECT count(*) AS n FROM entries WHERE seq < (SELECT min_index FROM log)";
    const prunedEntries = this.ctx.storage.sql.exec<{ n: number }>(count).one().n;
    return { at: await this.ctx.storage.getAlarm(), isRunning: this.#alarms > 0, prunedEntries };
  }

  /** As if an hour of ticks had agreed on the time of now. */
  async settleClock(): Promise<void> {
    const nowMs = Date.now();
    const row = "INSERT OR REPLACE INTO clock VALUES (1, ?, ?, 1, 0)";
    this.ctx.storage.sql.exec(row, nowMs, nowMs - 3_600_000);
  }

  /** As if the runtime had given up on it. */
  async loseAlarm(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.sync();
    this.ctx.abort("its alarm is lost");
  }

  /** While one runs, none is set. */
  async running(method: string, work: () => unknown): Promise<unknown> {
    if (method !== "alarm") return work();
    this.#alarms += 1;
    try {
      return await work();
    } finally {
      this.#alarms -= 1;
    }
  }

  async strikeBefore(method: string): Promise<void> {
    const fault = strikes(`rpc:${method}`, "before");
    if (fault !== null) this.#fail(fault);
  }

  async strikeAfter(method: string): Promise<void> {
    const fault = strikes(`rpc:${method}`, "after");
    if (fault === null) return;
    // What was written stays, and only its answer is lost.
    await this.ctx.storage.sync();
    this.#fail(fault);
  }

  #fail(fault: Fault): never {
    if (fault.kind === "abort") this.ctx.abort(`fault: ${fault.point}`);
    throw new InjectedFault(fault.point);
  }
}

/** On the prototype, where the runtime looks for methods; a synchronous one becomes a promise's. */
for (const method of [
  "append",
  "headSince",
  "publish",
  "announcePruning",
  "beginExport",
  "freeze",
  "succeed",
  "status",
  "alarm",
] as const) {
  const inner = RealLedger.prototype[method] as (...args: unknown[]) => unknown;
  Object.defineProperty(Ledger.prototype, method, {
    async value(this: Ledger, ...args: unknown[]) {
      await this.strikeBefore(method);
      const sent = method === "append" ? unpromising(args) : args;
      const answer = await this.running(method, () => inner.apply(this, sent));
      await this.strikeAfter(method);
      return answer;
    },
  });
}

/** As if no org had been promised that its entries are kept: no entry says so. */
function unpromising([address, events]: unknown[]): unknown[] {
  const isPromise = ([name]: [string, unknown]) =>
    (Object.values(RETENTION_DETAILS) as string[]).includes(name);
  const sent = (events as AuditEvent[]).map((event) => {
    const told = Object.entries(event.details ?? {}).filter((detail) => !isPromise(detail));
    return event.details === null ? event : { ...event, details: Object.fromEntries(told) };
  });
  return [address, sent];
}

export class JobRun extends RealJobRun {
  constructor(ctx: ExecutionContext, env: Env) {
    super(ctx, faultyEnv(env));
  }
}

type Control = (env: Env, parameters: URLSearchParams, request: Request) => Promise<unknown>;

const CONTROLS: Record<string, Control> = {
  "/ledger/tick": tick,
  "/ledger/ring": async (env, parameters) => ({
    rang: await stubOf(env, await addressOf(env, parameters)).ring(),
  }),
  "/ledger/scrub": async (env, parameters) => ({
    passed: await stubOf(env, await addressOf(env, parameters)).scrub(),
  }),
  "/ledger/lose-alarm": async (env, parameters) => {
    const stub = stubOf(env, await addressOf(env, parameters));
    await stub.loseAlarm().catch(() => undefined);
    return {};
  },
  "/ledger/alarm": async (env, parameters) =>
    stubOf(env, await addressOf(env, parameters)).alarmState(),
  "/ledger/prune": prune,
  "/ledger/freeze": async (env, parameters) => {
    const address = await addressOf(env, parameters);
    return callLedger(env, address, (ledger) => ledger.freeze(address, "frozen by the test"));
  },
  "/ledger/fault": async (_env, _parameters, request) => {
    const struck = timesStruck();
    arm(await request.json<Fault | null>());
    return { struck };
  },
  "/ledger/barrier": async (_env, parameters) => setBarrier(parameters.get("point")),
  "/ledger/release": async (_env, parameters) => release(Number(parameters.get("index"))),
  "/ledger/waiting": async () => ({ count: countWaiting() }),
  "/ledger/row": async (env, parameters) => {
    const { org, log, shard } = await addressOf(env, parameters);
    return shardDatabase(env, shard)
      .prepare("SELECT * FROM audit_logs WHERE org = ?1 AND log = ?2")
      .bind(org, log)
      .first();
  },
  "/ledger/rows": async (env) =>
    env.SHARD_0.prepare(
      `SELECT count(*) AS logs, count(sign_after_ms) AS queued, sum(tree_size > 0) AS told,
         sum(published_size = tree_size AND tree_size > 0) AS published FROM audit_logs`,
    ).first(),
};

/**
 * `hurry`: what a failure put off is due now, as it would be a minute later. `sign`: that part of a tick
 * alone, where the rest would cost most of the time.
 */
async function tick(env: Env, parameters: URLSearchParams): Promise<unknown> {
  if (parameters.has("hurry")) {
    await env.SHARD_0.prepare(
      "UPDATE audit_logs SET sign_after_ms = 0 WHERE sign_after_ms > 0",
    ).run();
  }
  const served = parameters.has("sign") ? [signJob] : undefined;
  await runCron(faultyEnv(env), Date.now(), undefined, served);
  return {};
}

/** With terms by which everything has expired, of a retention that ends at once. */
async function prune(env: Env, parameters: URLSearchParams): Promise<unknown> {
  const address = await addressOf(env, parameters);
  const nowMs = Date.now();
  const later = formatTimestamp(nowMs + 86_400_000);
  const overdueBefore = parameters.has("overdue") ? later : formatTimestamp(0);
  const terms = { tickMs: nowMs, expiredBefore: later, overdueBefore, auditDays: 0 };
  await stubOf(env, address).settleClock();
  const eventId = uuid7FromRandom(nowMs, crypto.getRandomValues(new Uint8Array(10)));
  const answer = await callLedger(faultyEnv(env), address, (ledger) =>
    ledger.announcePruning(address, terms, eventId),
  );
  return { answer };
}

interface ControlledStub {
  ring(): Promise<boolean>;
  scrub(): Promise<boolean>;
  alarmState(): Promise<AlarmState>;
  loseAlarm(): Promise<void>;
  settleClock(): Promise<void>;
}

function stubOf(env: Env, { org, log }: LogAddress): ControlledStub {
  return env.LEDGER.getByName(`${org}/${log}`) as unknown as ControlledStub;
}

async function addressOf(env: Env, parameters: URLSearchParams): Promise<LogAddress> {
  const org: Org | null = await findOrg(env.DIRECTORY, parameters.get("org") ?? "");
  if (org === null) throw new Error("there is no such org");
  return { org: org.org, log: Number(parameters.get("log") ?? org.auditLog), shard: org.shard };
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const control = CONTROLS[pathname];
    if (control === undefined) return app.fetch(request, faultyEnv(env), ctx);
    try {
      return Response.json((await control(env, searchParams, request)) ?? null);
    } catch (error) {
      return Response.json({ error: String(error) }, { status: 500 });
    }
  },
};
