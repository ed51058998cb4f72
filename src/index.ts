/** The Worker. */
import { app } from "./app.ts";
import { runCron } from "./cron.ts";
import type { Env } from "./env.ts";
import { tracer } from "./tracer.ts";
import { traceTick } from "./tracing/trace-tick.ts";

export { Ledger } from "./ledger/ledger.ts";
export { SigningPage } from "./ledger/signing-page.ts";
export { DeliveryPage } from "./streams/delivery-page.ts";

export default {
  fetch: app.fetch,
  scheduled: (controller, env, ctx) =>
    traceTick(tracer, { env, ctx, name: "cron tick", cron: controller.cron }, (tracedEnv) =>
      runCron(tracedEnv, controller.scheduledTime),
    ),
} satisfies ExportedHandler<Env>;
