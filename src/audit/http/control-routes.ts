/** A log's state, keys and remedies. */
import type { Context } from "hono";
import * as Type from "typebox";
import type { LogAddress } from "#audit/audit-log.ts";
import { currentLog, requireKept } from "#audit/current-log.ts";
import { drainOutbox } from "#audit/drain-outbox.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import { findLogKeys } from "#audit/log-keys.ts";
import { recoverLog } from "#audit/recover-log.ts";
import { announceKey } from "#audit/signing/key-rotation.ts";
import { findLogFault } from "#audit/signing/log-fault.ts";
import { findRemovableSeeds, seedOfLog } from "#audit/signing/seed-use.ts";
import { signNow } from "#audit/signing/sign-now.ts";
import { findAuditLog } from "#audit/store/audit-logs.ts";
import { jsonBody } from "#http/request-body.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { operatorOf } from "#orgs/http/operator-of.ts";
import { actorOf } from "#orgs/principal.ts";
import { fail } from "#platform/errors.ts";
import { findShardClock } from "#platform/jobs/shard-clock.ts";
import { originHost } from "#platform/settings.ts";
import { shardDatabase } from "#platform/shards.ts";
import { askedLog, logParameter } from "./asked-log.ts";
import { type LogStatusJson, LogStatusSchema, SigningKeysSchema } from "./log-json.ts";
import { REASON_BODY_MAX, reasonBody } from "./reason-body.ts";
import { statusJson } from "./status-json.ts";

const PATH = "/v1/orgs/:org/audit";
const STATUS = { "application/json": LogStatusSchema };
const KEYS = { "application/json": SigningKeysSchema };

export const controlRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: `${PATH}/status`,
      operationId: "getLogStatus",
      summary: "State of the audit log",
      description:
        "Frozen or not, and why: the reason names the entry where one can be named. `scrub` tells when all of " +
        "the log was last proven anew in the background, and what of its index was mended.",
      scope: "audit:read",
      alsoClosed: true,
      query: { log: logParameter },
      answers: { 200: { description: "The log", content: STATUS } },
    },
    async (c, { query }) => c.json(await statusOf(c, askedLog(c.var.org, query.log))),
  ),
  route(
    {
      method: "get",
      path: `${PATH}/keys`,
      operationId: "listSigningKeys",
      summary: "The log's signing keys, oldest first",
      description: "A verifier pins one; what follows it is proven by the log itself.",
      scope: "audit:read",
      alsoClosed: true,
      query: { log: logParameter },
      answers: { 200: { description: "C2SP vkeys, and the sizes each signs", content: KEYS } },
    },
    async (c, { query }) => c.json(await keysOf(c, askedLog(c.var.org, query.log))),
  ),
  route(
    {
      method: "post",
      path: `${PATH}/keys/rotate`,
      operationId: "rotateSigningKey",
      summary: "Rotate the signing key",
      description:
        "Announces the next key in the log and signs at once: that checkpoint by both keys, later " +
        "ones by the new key. It derives from the newest MCPG_LEDGER_SEED.",
      scope: "administrator",
      // Its log is signed on for as long as it is kept, and would need the seed that it began with.
      alsoClosed: true,
      answers: { 200: { description: "The keys", content: KEYS } },
      problems: [409],
    },
    async (c) => {
      const address = currentLog(c.var.org);
      await requireKept(c.env, c.var.org, address);
      await announceKey(c.env, address, actorOf(c.var.principal));
      await signNow(c.env, address);
      return c.json(await keysOf(c, address));
    },
  ),
  route(
    {
      method: "post",
      path: `${PATH}/checkpoint`,
      operationId: "signCheckpoint",
      summary: "Sign the head at once",
      scope: "administrator",
      alsoClosed: true,
      answers: {
        200: { description: "The signed note", content: { "text/plain": Type.String() } },
      },
    },
    async (c) => {
      const address = currentLog(c.var.org);
      await requireKept(c.env, c.var.org, address);
      await drainOutbox(c.env, address);
      await signNow(c.env, address);
      const status = await callLedger(c.env, address, (ledger) => ledger.status());
      return c.text(status?.checkpoint ?? fail({ kind: "not_found" }));
    },
  ),
  route(
    {
      method: "post",
      path: `${PATH}/recover`,
      operationId: "recoverLog",
      summary: "End a frozen log and open its successor",
      description:
        "The frozen log stays readable under its own path. The successor's first entry names it, " +
        "with the last size and root that were signed.",
      scope: "administrator",
      alsoClosed: true,
      body: jsonBody(reasonBody, REASON_BODY_MAX),
      answers: { 200: { description: "The successor", content: STATUS } },
      problems: [409],
    },
    async (c, { body }) => {
      const { org } = c.var;
      const successor = await recoverLog(c.env, org, body.reason, operatorOf(c, org.org));
      return c.json(await statusOf(c, successor));
    },
  ),
];

async function statusOf(c: Context<AppEnv>, address: LogAddress): Promise<LogStatusJson> {
  const status = await callLedger(c.env, address, (ledger) => ledger.status());
  const db = shardDatabase(c.env, address.shard);
  const [shardClock, misconfigured, row, removableSeeds] = await Promise.all([
    findShardClock(db),
    findLogFault(c.env, address, status?.origin ?? null),
    findAuditLog(db, address),
    findRemovableSeeds(c.env),
  ]);
  const { auditDays } = c.var.org.retention;
  const seeds = { seed: seedOfLog(c.env, row), removableSeeds };
  const surroundings = { shardClock, misconfigured, auditDays, ...seeds };
  return statusJson(originHost(c.env), address, status, surroundings);
}

async function keysOf(c: Context<AppEnv>, address: LogAddress) {
  const keys = await findLogKeys(c.env, address);
  return {
    keys: keys.map(({ vkey, fromSize, toSize }) => ({
      vkey,
      from_size: fromSize,
      to_size: toSize,
    })),
  };
}
