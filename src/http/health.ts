/** For whoever restarts or routes: alive says that code runs, ready that requests can be answered. */
import { Hono } from "hono";
import * as Type from "typebox";
import { callLedger } from "#audit/ledger-stub.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { DEFAULT_ORG } from "#orgs/org.ts";
import { probeDatabase } from "#platform/d1/database-probe.ts";
import { type Env, settingsOf, shardDatabase, shardNames } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { describeOperation } from "./describe-operation.ts";

const StatusSchema = Type.Object({ status: Type.Literal("ok") });
const OK = { status: "ok" };

/** A stalled D1 answers after 30 s or not at all; a prober gives up earlier and learns nothing. */
const PROBE_TIMEOUT_MS = 5_000;

export const health = new Hono<AppEnv>()
  .get(
    "/healthz",
    describeOperation({
      summary: "Alive",
      scope: null,
      answers: { 200: { description: "Code runs", schema: StatusSchema } },
    }),
    (c) => c.json(OK),
  )
  .get(
    "/readyz",
    describeOperation({
      summary: "Ready: settings are sound, every database and the ledger answer",
      scope: null,
      answers: { 200: { description: "Requests can be answered", schema: StatusSchema } },
    }),
    async (c) => {
      settingsOf(c.env);
      await within(PROBE_TIMEOUT_MS, probeAll(c.env)).catch(() =>
        fail({ kind: "unavailable", retryAfterSeconds: 5 }),
      );
      return c.json(OK);
    },
  );

function probeAll(env: Env): Promise<unknown> {
  const shards = shardNames(env).map((name) => shardDatabase(env, name));
  const databases = [env.DIRECTORY, ...shards].map(probeDatabase);
  return Promise.all([...databases, probeLedger(env)]);
}

/** One ledger stands for all: they are the same code on the same platform. */
function probeLedger(env: Env): Promise<unknown> {
  return callLedger(env, { org: DEFAULT_ORG, log: 1 }, (ledger) => ledger.status());
}

function within<Value>(timeoutMs: number, promise: Promise<Value>): Promise<Value> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(reject, timeoutMs);
  return Promise.race([promise, expired]).finally(() => clearTimeout(timer));
}
