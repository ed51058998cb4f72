/** A log's state, keys and remedies. */
import { type Context, Hono } from "hono";
import * as Type from "typebox";
import { Compile } from "typebox/compile";
import { type LogAddress, logOrigin } from "#audit/audit-log.ts";
import { drainOutbox } from "#audit/outbox.ts";
import { openSuccessor } from "#audit/recovery.ts";
import { announceKey } from "#audit/signing/key-rotation.ts";
import { signNow } from "#audit/signing/sign-now.ts";
import { signerOf, vkeyOf } from "#audit/signing/signing-keys.ts";
import { findAuditLog } from "#audit/store/audit-logs.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { describeOperation, queryParameters } from "#http/describe-operation.ts";
import { readQuery } from "#http/query.ts";
import { parseJsonBody } from "#http/read-body.ts";
import { validate } from "#http/validate.ts";
import { forgetOrg } from "#orgs/directory.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { administratorOnly, authorize } from "#orgs/http/authorize.ts";
import { actionOf } from "#orgs/http/operator-action.ts";
import { actorOf } from "#orgs/principal.ts";
import { findOrg, succeedAuditLog } from "#orgs/store/orgs.ts";
import { settingsOf, shardDatabase } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { askedLog, currentLog, ledgerOf, requireKept } from "./asked-log.ts";

const NullableText = Type.Unsafe<string | null>({ type: ["string", "null"] });
const NullableInteger = Type.Unsafe<number | null>({ type: ["integer", "null"] });

const StatusSchema = Type.Object({
  origin: Type.String(),
  log: Type.Integer(),
  tree_size: Type.Integer(),
  head: Type.Unsafe<{ seq: number; hash: string } | null>({
    type: ["object", "null"],
    properties: { seq: { type: "integer" }, hash: { type: "string" } },
  }),
  checkpoint: Type.Unsafe<{ size: number; signed_at: string } | null>({
    type: ["object", "null"],
    properties: { size: { type: "integer" }, signed_at: { type: "string" } },
  }),
  unsigned_entries: Type.Integer(),
  minimum_index: Type.Integer(),
  frozen: Type.Boolean(),
  frozen_reason: NullableText,
  frozen_at: NullableText,
  successor: NullableInteger,
  holds: Type.Integer({ description: "Legal holds in force" }),
});

const KeysSchema = Type.Object({
  keys: Type.Array(
    Type.Object({
      vkey: Type.String(),
      from_size: Type.Integer(),
      to_size: NullableInteger,
    }),
  ),
});

const ReasonSchema = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1_024, pattern: "^[^\\p{Cc}\\p{Cs}]+$" }) },
  { additionalProperties: false },
);
const reasonBody = Compile(ReasonSchema);
const BODY = { bytesMax: 16_384 };

const LOG_QUERY = queryParameters({ log: "Number of an earlier log of the org" });

export const auditControl = new Hono<AppEnv>()
  .get(
    "/status",
    describeOperation({
      summary: "State of the audit log",
      scope: "audit:read",
      query: LOG_QUERY,
      answers: { 200: { description: "The log", schema: StatusSchema } },
    }),
    authorize("audit:read", { alsoClosed: true }),
    async (c) => c.json(await statusOf(c, askedLog(c.var.org, readQuery(c.req, ["log"]).log))),
  )
  .get(
    "/keys",
    describeOperation({
      summary: "The log's signing keys, oldest first",
      description: "A verifier pins one; what follows it is proven by the log itself.",
      scope: "audit:read",
      query: LOG_QUERY,
      answers: { 200: { description: "C2SP vkeys, and the sizes each signs", schema: KeysSchema } },
    }),
    authorize("audit:read", { alsoClosed: true }),
    async (c) => c.json(await keysOf(c, askedLog(c.var.org, readQuery(c.req, ["log"]).log))),
  )
  .post(
    "/keys/rotate",
    describeOperation({
      summary: "Rotate the signing key",
      description:
        "Announces the next key in the log and signs at once: that checkpoint by both keys, later " +
        "ones by the new key. It derives from the newest MCPG_LEDGER_SEED.",
      scope: "administrator",
      answers: { 200: { description: "The keys", schema: KeysSchema } },
      problems: [409],
    }),
    authorize("audit:read"),
    administratorOnly(),
    async (c) => {
      const address = currentLog(c.var.org);
      await announceKey(c.env, address, actorOf(c.var.principal));
      await signNow(c.env, address);
      return c.json(await keysOf(c, address));
    },
  )
  .post(
    "/checkpoint",
    describeOperation({
      summary: "Sign the head at once",
      scope: "administrator",
      answers: {
        200: { description: "The signed note", schema: Type.String(), mediaType: "text/plain" },
      },
    }),
    authorize("audit:read", { alsoClosed: true }),
    administratorOnly(),
    async (c) => {
      const address = currentLog(c.var.org);
      await requireKept(c, address);
      await drainOutbox(c.env, address);
      await signNow(c.env, address);
      const status = await ledgerOf(c, address, (ledger) => ledger.status());
      return c.text(status?.checkpoint ?? fail({ kind: "not_found" }));
    },
  )
  .post(
    "/recover",
    describeOperation({
      summary: "End a frozen log and open its successor",
      description:
        "The frozen log stays readable under its own path. The successor's first entry names it, " +
        "with the last size and root that were signed.",
      scope: "administrator",
      body: ReasonSchema,
      answers: { 200: { description: "The successor", schema: StatusSchema } },
      problems: [409],
    }),
    authorize("audit:read", { alsoClosed: true }),
    administratorOnly(),
    recover,
  );

async function recover(c: Context<AppEnv>): Promise<Response> {
  const { reason } = validate(reasonBody, await parseJsonBody(c.req.raw, BODY));
  // Past the isolate's memory: it may know a log that was succeeded since.
  const current = (await findOrg(c.env.DIRECTORY, c.var.org.org)) ?? fail({ kind: "not_found" });
  const { org, auditLog, shard } = current;
  await requireKept(c, currentLog(current));
  const recordedBy = actorOf(c.var.principal);
  const isOpened = await openSuccessor(c.env, currentLog(current), { reason, recordedBy });
  if (!isOpened) return fail({ kind: "conflict", detail: "The log is not frozen." });
  const action = actionOf(c, {
    org,
    action: "operator.audit.recovered",
    target: `audit://${org}/${auditLog + 1}`,
    details: { reason },
  });
  await succeedAuditLog(c.env.DIRECTORY, { org, auditLog }, action);
  forgetOrg(org);
  return c.json(await statusOf(c, { org, log: auditLog + 1, shard }));
}

async function statusOf(
  c: Context<AppEnv>,
  address: LogAddress,
): Promise<Type.Static<typeof StatusSchema>> {
  const status = await ledgerOf(c, address, (ledger) => ledger.status());
  const { publishedAtMs = null, publishedSize = 0, frozenReason = null } = status ?? {};
  const signedAt = publishedAtMs === null ? null : formatTimestamp(publishedAtMs);
  return {
    origin: logOrigin(settingsOf(c.env).originHost, address),
    log: address.log,
    tree_size: status?.treeSize ?? 0,
    head: status?.head ?? null,
    checkpoint: signedAt === null ? null : { size: publishedSize, signed_at: signedAt },
    unsigned_entries: (status?.treeSize ?? 0) - publishedSize,
    minimum_index: status?.minIndex ?? 0,
    frozen: frozenReason !== null,
    frozen_reason: frozenReason,
    frozen_at: status?.frozenAtMs == null ? null : formatTimestamp(status.frozenAtMs),
    successor: status?.successor ?? null,
    holds: status?.holds ?? 0,
  };
}

/** Before the first checkpoint, the key that will sign it. */
async function keysOf(
  c: Context<AppEnv>,
  address: LogAddress,
): Promise<Type.Static<typeof KeysSchema>> {
  const row = await findAuditLog(shardDatabase(c.env, address.shard), address);
  const keys = row?.keys ?? [];
  if (keys.length > 0) {
    return {
      keys: keys.map(({ vkey, fromSize, toSize }) => ({
        vkey,
        from_size: fromSize,
        to_size: toSize,
      })),
    };
  }
  const origin = logOrigin(settingsOf(c.env).originHost, address);
  const first = { origin, epoch: row?.keyEpoch ?? 1, seedVersion: row?.seedVersion ?? 1 };
  return { keys: [{ vkey: vkeyOf(signerOf(c.env, first)), from_size: 0, to_size: null }] };
}
