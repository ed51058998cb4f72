/** The Worker under test, with its tick callable at any moment. */
import { app } from "#app.ts";
import { runCron } from "#cron.ts";
import type { Env } from "#platform/env.ts";

export { Ledger } from "#audit/ledger/ledger.ts";
export { JobRun } from "#cron.ts";

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/streams/tick") return app.fetch(request, env, ctx);
    if (searchParams.has("later")) await passTime(env);
    await runCron(env, Date.now());
    return Response.json({});
  },
};

/** As an hour later: nothing waits any more, and claims of whoever was killed have run out. */
async function passTime(env: Env): Promise<void> {
  await env.SHARD_0.prepare(
    "UPDATE stream_deliveries SET retry_at_ms = 0, busy_until_ms = 0, attempted_at_ms = 0",
  ).run();
}
