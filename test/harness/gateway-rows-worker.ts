/** The Worker with all rows counted that a call through the gateway costs: D1's and the ledger's. */
import { app } from "#app.ts";
import { runCron } from "#cron.ts";
import type { Env } from "#platform/env.ts";
import { BilledRows } from "./billed-rows.ts";
import rowsWorker from "./ledger-rows-worker.ts";

export { JobRun, Ledger } from "./ledger-rows-worker.ts";

const billed = new BilledRows();
const counted = new WeakMap<Env, Env>();

/** One env a real env, as in production: settings are parsed once. */
function countedEnv(env: Env): Env {
  const known = counted.get(env);
  if (known !== undefined) return known;
  const [DIRECTORY, SHARD_0] = [billed.counting(env.DIRECTORY), billed.counting(env.SHARD_0)];
  const wrapped = { ...env, DIRECTORY, SHARD_0 };
  counted.set(env, wrapped);
  return wrapped;
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/bench/ledger-rows") return rowsWorker.fetch(request, env, ctx);
    if (pathname === "/bench/rows") return Response.json(billed.take());
    return app.fetch(request, countedEnv(env), ctx);
  },
  scheduled: ({ scheduledTime }: ScheduledController, env: Env) =>
    runCron(countedEnv(env), scheduledTime),
};
