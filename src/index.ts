/** The Worker. */

import { app } from "#/app.ts";
import { runCron } from "#/cron.ts";
import type { Env } from "#platform/env.ts";
import { tracer } from "#tracing/isolate-tracer.ts";
import { traceTick } from "#tracing/trace-tick.ts";

export { JobRun } from "#/cron.ts";
export { Ledger } from "#audit/ledger/ledger.ts";

export default {
  fetch: app.fetch,
  scheduled: (controller, env, ctx) =>
    traceTick(tracer, { env, ctx, name: "cron tick", cron: controller.cron }, (tracedEnv) =>
      runCron(tracedEnv, controller.scheduledTime),
    ),
} satisfies ExportedHandler<Env>;
