/**
 * The Worker with its bill counted by part, and its clock played: a request that says when it comes finds it to be
 * that time, and all alarms rung that were due before. Also built of another checkout's sources (worker-bundle.ts):
 * it imports few of them.
 */
import "./played-clock.ts";
import { app } from "#app.ts";
import { JobRun as PlainJobRun, runCron } from "#cron.ts";
import type { Env } from "#platform/env.ts";
import type { RunAnswer, RunRequest } from "#platform/jobs/job.ts";
import { callThrough } from "../gateway-call.ts";
import { countedEnv } from "./counted-env.ts";
import { firstDueAlarm, ledgersWithAlarms, type PlayedLedger } from "./counted-ledger.ts";
import { type Cause, causeOfJob } from "./parts.ts";
import { goOn, isStanding, standAt } from "./played-clock.ts";
import { causedBy, noteRequest, takeBill } from "./tally.ts";

export { CountedLedger as Ledger } from "./counted-ledger.ts";

export class JobRun extends PlainJobRun {
  constructor(ctx: ExecutionContext, env: Env) {
    super(ctx, countedEnv(env));
  }

  override run(request: RunRequest): Promise<RunAnswer> {
    return causedBy(causeOfJob(request.job), () => super.run(request));
  }
}

const CONTROLS: Record<string, (env: Env, ms: number) => unknown> = {
  "/cost/bill": takeBill,
  /** Alarms that were due meanwhile ring at that time, and not once for each of their days. */
  "/cost/stand": (_, ms) => standAt(ms),
  "/cost/go-on": goOnWithAlarms,
};

const ledgerOf = (env: Env, name: string) => env.LEDGER.getByName(name) as unknown as PlayedLedger;

async function playUntil(env: Env, untilMs: number): Promise<void> {
  for (let due = firstDueAlarm(untilMs); due !== null; due = firstDueAlarm(untilMs)) {
    standAt(due.atMs);
    await ledgerOf(env, due.name).ring();
  }
  standAt(untilMs);
}

async function goOnWithAlarms(env: Env): Promise<void> {
  goOn();
  for (const name of ledgersWithAlarms()) await ledgerOf(env, name).setRealAlarm();
}

function causeOf(pathname: string): Cause {
  if (pathname === "/gateway/call") return "call";
  if (pathname.endsWith("/audit")) return "append";
  return pathname.endsWith("/metrics") ? "scrape" : "report";
}

export default {
  async fetch(request: Request, rawEnv: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const control = CONTROLS[pathname];
    if (control !== undefined) {
      return Response.json((await control(rawEnv, Number(searchParams.get("ms")))) ?? {});
    }
    const playedAt = request.headers.get("x-played-at");
    if (playedAt !== null) await playUntil(rawEnv, Number(playedAt));
    const env = countedEnv(rawEnv);
    const cause = causeOf(pathname);
    noteRequest(cause);
    return causedBy(cause, async () => {
      if (cause !== "call") return app.fetch(request, env, ctx);
      return Response.json(await callThrough(env, searchParams, ctx));
    });
  },

  async scheduled({ scheduledTime }: ScheduledController, env: Env): Promise<void> {
    if (isStanding()) await playUntil(env, scheduledTime);
    noteRequest("tick");
    await causedBy("tick", () => runCron(countedEnv(env), scheduledTime));
  },
};
