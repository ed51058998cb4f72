/** The Worker. */
import { app } from "./app.ts";
import { runCron } from "./cron.ts";
import type { Env } from "./env.ts";

export { Ledger } from "./ledger/ledger.ts";
export { SigningPage } from "./ledger/signing-page.ts";

export default {
  fetch: app.fetch,
  scheduled: (controller, env) => runCron(env, controller.scheduledTime),
} satisfies ExportedHandler<Env>;
