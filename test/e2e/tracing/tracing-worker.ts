/**
 * The Worker under test, with a route that calls another service through the traced fetch, as the gateway
 * does, one that fails, and the exporter's account.
 */
import { app } from "../../../src/app.ts";
import { runCron } from "../../../src/cron.ts";
import type { Env } from "../../../src/env.ts";
import { authenticated } from "../../../src/http/authenticate.ts";
import { spanExporter, tracer } from "../../../src/tracer.ts";
import { traceTick } from "../../../src/tracing/trace-tick.ts";
import { tracedFetch } from "../../../src/tracing/traced-fetch.ts";

export { Ledger } from "../../../src/ledger/ledger.ts";
export { SigningPage } from "../../../src/ledger/signing-page.ts";

app.get("/test/call", authenticated(), async (c) => {
  const url = c.req.query("url") ?? "";
  for (let calls = Number(c.req.query("calls")); calls > 0; calls--) {
    await (await tracedFetch(new Request(url))).arrayBuffer();
  }
  return c.text("called");
});

app.get("/test/fail", authenticated(), () => {
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
