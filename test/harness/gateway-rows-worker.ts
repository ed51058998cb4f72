/**
 * The Worker with all rows counted that a call through the gateway costs: D1's and the ledger's; and with a ledger
 * that is as far away as one is told.
 */
import { app } from "#app.ts";
import { runCron } from "#cron.ts";
import type { Env } from "#platform/env.ts";
import { BilledRows } from "./billed-rows.ts";
import rowsWorker from "./ledger-rows-worker.ts";

export { JobRun, Ledger } from "./ledger-rows-worker.ts";

const billed = new BilledRows();
const counted = new WeakMap<Env, Env>();

/** There and back. */
let ledgerTripMs = 0;

type Callable = Record<string, (...args: unknown[]) => Promise<unknown>>;

function farLedgers(ledgers: DurableObjectNamespace): DurableObjectNamespace {
  const far = (stub: DurableObjectStub) =>
    new Proxy(stub as unknown as Callable, {
      get:
        (_, method: string) =>
        async (...args: unknown[]) => {
          await scheduler.wait(ledgerTripMs / 2);
          const answer = await (stub as unknown as Callable)[method]?.(...args);
          await scheduler.wait(ledgerTripMs / 2);
          return answer;
        },
    });
  return new Proxy(ledgers, {
    get: (target, property) => {
      const value = Reflect.get(target, property);
      if (property !== "getByName") return typeof value === "function" ? value.bind(target) : value;
      return (name: string) => {
        const stub = target.getByName(name);
        return ledgerTripMs === 0 ? stub : far(stub);
      };
    },
  });
}

/** One env a real env, as in production: settings are parsed once. */
function countedEnv(env: Env): Env {
  const known = counted.get(env);
  if (known !== undefined) return known;
  const [DIRECTORY, SHARD_0] = [billed.counting(env.DIRECTORY), billed.counting(env.SHARD_0)];
  const wrapped = { ...env, DIRECTORY, SHARD_0, LEDGER: farLedgers(env.LEDGER) };
  counted.set(env, wrapped);
  return wrapped;
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/bench/ledger-rows") return rowsWorker.fetch(request, env, ctx);
    if (pathname === "/bench/rows") return Response.json(billed.take());
    if (pathname === "/bench/ledger-trip") {
      ledgerTripMs = Number(searchParams.get("ms"));
      return Response.json({ ledgerTripMs });
    }
    return app.fetch(request, countedEnv(env), ctx);
  },
  scheduled: ({ scheduledTime }: ScheduledController, env: Env) =>
    runCron(countedEnv(env), scheduledTime),
};
