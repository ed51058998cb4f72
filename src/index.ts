/** The Worker. */

import type { Env } from "#platform/env.ts";
import { tracer } from "#tracing/isolate-tracer.ts";
import { traceTick } from "#tracing/trace-tick.ts";
import { app } from "./app.ts";
import { runCron } from "./cron.ts";

export { Ledger } from "#audit/ledger/ledger.ts";
export { JobRun } from "./cron.ts";

export default {
  fetch: app.fetch,
  // What a tick deletes it deletes by its time: whoever can fire one is not to choose a later one than now.
  scheduled: (controller, env, ctx) =>
    traceTick(tracer, { env, ctx, name: "cron tick", cron: controller.cron }, (tracedEnv) =>
      runCron(tracedEnv, Math.min(controller.scheduledTime, Date.now())),
    ),
} satisfies ExportedHandler<Env>;
