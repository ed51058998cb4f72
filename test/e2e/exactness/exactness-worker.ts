/** The Worker under test, with its cron tick and its pruning callable at any moment. */

import { app } from "#app.ts";
import { pruneOnce } from "#calls/store/prune.ts";
import { runCron } from "#cron.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";

export { Ledger } from "#audit/ledger/ledger.ts";
export { JobRun } from "#cron.ts";

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/exactness/tick":
        await runCron(env, Date.now());
        return Response.json({ done: true });
      case "/exactness/prune":
        await pruneSamples(
          env,
          searchParams.get("org") ?? "",
          Number(searchParams.get("before_ms")),
        );
        return Response.json({ done: true });
      default:
        return app.fetch(request, env, ctx);
    }
  },
};

/**
 * What the cron does when samples expire, with the cut-off given: retention never expires a sample
 * that may still be resent, so with the real one nothing of a short test would ever be pruned.
 */
async function pruneSamples(env: Env, name: string, samplesBeforeMs: number): Promise<void> {
  const org = await findOrg(env.DIRECTORY, name);
  if (org === null) throw new Error(`Cannot prune: there is no org ${name}`);
  const cutoffs = { samplesBeforeMs, hoursBefore: 0, daysBefore: 0, minutesBefore: 0, quartersBefore: 0 };
  while (!(await pruneOnce(shardDatabase(env, org.shard), name, cutoffs)));
}
