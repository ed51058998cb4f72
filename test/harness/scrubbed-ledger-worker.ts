/** The Worker with a ledger whose next pass of the scrubber can be had at once, and that counts its rows. */
import { app } from "#app.ts";
import type { Env } from "#platform/env.ts";
import { Ledger as CountingLedger } from "./ledger-rows-worker.ts";

export { JobRun } from "#cron.ts";

export class Ledger extends CountingLedger {
  async beginScrub(): Promise<void> {
    this.takeRows();
    this.ctx.storage.sql.exec(`INSERT INTO scrub (id, next_at_ms) VALUES (1, 0)
      ON CONFLICT (id) DO UPDATE SET next_at_ms = 0`);
    await this.ctx.storage.setAlarm(Date.now());
  }
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const stub = env.LEDGER.getByName(`${searchParams.get("org")}/1`) as unknown as Ledger;
    if (pathname === "/bench/ledger-rows") return Response.json(await stub.takeRows());
    if (pathname !== "/bench/scrub") return app.fetch(request, env, ctx);
    await stub.beginScrub();
    return Response.json({});
  },
};
