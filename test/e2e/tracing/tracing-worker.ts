/**
 * The Worker under test, with a route that calls another service through the traced fetch, as the gateway
 * does, one that fails, and the exporter's account.
 */
import { app } from "#app.ts";
import { runCron } from "#cron.ts";
import { authorise } from "#orgs/http/authorise.ts";
import type { Env } from "#platform/env.ts";
import { spanExporter, tracer } from "#tracing/isolate-tracer.ts";
import { traceTick } from "#tracing/trace-tick.ts";
import { tracedFetch } from "#tracing/traced-fetch.ts";

export { Ledger } from "#audit/ledger/ledger.ts";
export { JobRun } from "#cron.ts";

app.get("/test/call", authorise({ scope: "administrator" }), async (c) => {
  const url = c.req.query("url") ?? "";
  for (let calls = Number(c.req.query("calls")); calls > 0; calls--) {
    await (await tracedFetch(new Request(url))).arrayBuffer();
  }
  return c.text("called");
});

app.get("/test/fail", authorise({ scope: "administrator" }), () => {
  throw new Error("as asked");
});

export interface Account {
  made: number;
  taken: number;
  dropped: number;
  waiting: number;
}

function account(): Account {
  const counts = spanExporter.allCounts();
  const sum = (of: (one: (typeof counts)[number]) => number) =>
    counts.reduce((total, one) => total + of(one), 0);
  return {
    made: sum(({ made }) => made),
    taken: sum(({ taken }) => taken),
    dropped: sum(({ droppedTotal }) => droppedTotal),
    waiting: spanExporter.waiting,
  };
}

export default {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response> {
    if (new URL(request.url).pathname !== "/test/account") return app.fetch(request, env, ctx);
    const resumed = spanExporter.resume();
    if (resumed !== null) ctx.waitUntil(resumed);
    return Response.json(account());
  },
  scheduled: ({ cron, scheduledTime }: ScheduledController, env: Env, ctx: ExecutionContext) =>
    traceTick(tracer, { env, ctx, name: "cron tick", cron }, (traced) =>
      runCron(traced, scheduledTime),
    ),
};
