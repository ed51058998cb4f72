/** Audit events: reported by gateways, and read back (api.md, "Audit ledger"). */
import { type Context, Hono } from "hono";
import * as Type from "typebox";
import { type AuditEvent, isReservedAction, parseAuditEvent } from "#audit/audit-event.ts";
import { AuditReportSchema, auditReport } from "#audit/audit-event-schema.ts";
import type { Receipt } from "#audit/audit-log.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { describeOperation, listQuery, queryParameters } from "#http/describe-operation.ts";
import { cursorFormat, decodeCursor, encodeCursor, parseLimit } from "#http/pagination.ts";
import { readQuery, refuseParameter } from "#http/query.ts";
import { parseJsonBody } from "#http/read-body.ts";
import { validate } from "#http/validate.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { authorize } from "#orgs/http/authorize.ts";
import { actorOf } from "#orgs/principal.ts";
import { fail, type ValidationError } from "#platform/errors.ts";
import { isAuditStreamAction } from "#streams/observability.ts";
import { streamsOf } from "#streams/streams-of.ts";
import { askedLog, ledgerOf, receiptsOf, writeToLog } from "./asked-log.ts";
import { EntrySchema, entryJson } from "./entry-json.ts";
import { AUDIT_PARAMETERS, auditFilter } from "./entry-parameters.ts";

/** 256 events of 65,535 bytes, and the rest of the JSON. */
const REPORT_BYTES_MAX = 17 * 1024 * 1024;

const CURSOR = cursorFormat("audit", ["number", "number"]);

const ReceiptsSchema = Type.Object({
  receipts: Type.Array(
    Type.Object({
      seq: Type.Integer(),
      event_id: Type.String(),
      hash: Type.String(),
      previous_hash: Type.String(),
    }),
  ),
});

const EntriesSchema = Type.Object({
  events: Type.Array(EntrySchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
});

export const auditEvents = new Hono<AppEnv>()
  .post(
    "/",
    describeOperation({
      summary: "Report audit events",
      description:
        "All of them are appended, or none. An event sent again under its `event_id` gets its first " +
        "receipt; a receipt proves something once its `seq` is under a signed checkpoint.",
      scope: "audit:write",
      body: AuditReportSchema,
      answers: { 201: { description: "Appended and durable", schema: ReceiptsSchema } },
      problems: [409],
    }),
    authorize("audit:write"),
    async (c) => c.json({ receipts: await appendReport(c) }, 201),
  )
  .get(
    "/",
    describeOperation({
      summary: "List audit events, newest first",
      description: "A page may be short, or empty, and still carry a cursor: follow it.",
      scope: "audit:read",
      query: listQuery(AUDIT_PARAMETERS),
      answers: { 200: { description: "A page of entries", schema: EntriesSchema } },
      problems: [400],
    }),
    authorize("audit:read", { alsoClosed: true }),
    listEntries,
  )
  .get(
    "/:seq",
    describeOperation({
      summary: "An entry",
      scope: "audit:read",
      query: queryParameters({ log: "Number of an earlier log of the org" }),
      answers: { 200: { description: "The entry", schema: EntrySchema } },
      problems: [410],
    }),
    authorize("audit:read", { alsoClosed: true }),
    async (c) => {
      const address = askedLog(c.var.org, readQuery(c.req, ["log"]).log);
      const seq = seqOf(c.req.param("seq"));
      const entry = await ledgerOf(c, address, (ledger) => ledger.entry(seq));
      if (entry === "pruned") return fail({ kind: "pruned" });
      return json(entryJson(entry ?? fail({ kind: "not_found" })));
    },
  )
  .get(
    "/:seq/proof",
    describeOperation({
      summary: "Proof that an entry is in the log",
      description: "c2sp.org/tlog-proof@v1 under the newest checkpoint.",
      scope: "audit:read",
      query: queryParameters({ log: "Number of an earlier log of the org" }),
      answers: {
        200: { description: "The proof", schema: Type.String(), mediaType: "text/plain" },
      },
      problems: [409, 410],
    }),
    authorize("audit:read", { alsoClosed: true }),
    async (c) => {
      const address = askedLog(c.var.org, readQuery(c.req, ["log"]).log);
      const seq = seqOf(c.req.param("seq"));
      const answer = await ledgerOf(c, address, (ledger) => ledger.proof(seq));
      if (answer.kind === "not_signed_yet") fail({ kind: "not_yet_signed", retryAfterSeconds: 60 });
      if (answer.kind === "pruned") fail({ kind: "pruned" });
      return answer.kind === "proof" ? c.text(answer.proof) : fail({ kind: "not_found" });
    },
  );

async function appendReport(c: Context<AppEnv>): Promise<Receipt[]> {
  const body = await parseJsonBody(c.req.raw, { bytesMax: REPORT_BYTES_MAX });
  const report = validate(auditReport, body);
  const nowMs = Date.now();
  const context = {
    instanceId: report.instance_id.normalize("NFC"),
    recordedBy: actorOf(c.var.principal),
    auditDays: c.var.org.retention.auditDays,
    nowMs,
    newEventId: () => uuid7FromRandom(nowMs, crypto.getRandomValues(new Uint8Array(10))),
  };
  const reserved = report.events.flatMap(({ action }, index) =>
    isReservedAction(action)
      ? [{ pointer: `/events/${index}/action`, message: "is reserved" }]
      : [],
  );
  if (reserved.length > 0) fail({ kind: "reserved_action", errors: reserved });
  await requireEnabled(c, report.events);
  const parsed = report.events.map((event, index) =>
    parseAuditEvent(event, `/events/${index}`, context),
  );
  const errors = parsed.filter((event): event is ValidationError => "pointer" in event);
  if (errors.length > 0) fail({ kind: "invalid_request", errors });
  const events = parsed.filter((event): event is AuditEvent => !("pointer" in event));
  const result = await writeToLog(c, (ledger, address) => ledger.append(address, events));
  return receiptsOf(result, (index) => `/events/${index}`);
}

/** While the org's audit stream is disabled, decisions and plugins' lives are not kept; all else is. */
async function requireEnabled(c: Context<AppEnv>, events: readonly { action: string }[]) {
  const { audit } = await streamsOf(c.env, c.var.org.org);
  if (audit.enabled) return;
  const errors = events.flatMap(({ action }, index) =>
    isAuditStreamAction(action)
      ? [
          {
            pointer: `/events/${index}/action`,
            message: "is of the audit stream, which is disabled",
          },
        ]
      : [],
  );
  if (errors.length > 0) fail({ kind: "stream_disabled", errors });
}

async function listEntries(c: Context<AppEnv>): Promise<Response> {
  const query = readQuery(c.req, [
    ...(Object.keys(AUDIT_PARAMETERS) as (keyof typeof AUDIT_PARAMETERS)[]),
    "limit",
    "cursor",
  ]);
  const filter = auditFilter(query);
  const limit = parseLimit(query.limit);
  const [cursorLog, before] = decodeCursor(CURSOR, query.cursor) ?? [null, null];
  const address = askedLog(c.var.org, query.log ?? cursorLog?.toString());
  if (cursorLog !== null && cursorLog !== address.log) {
    return refuseParameter("cursor", "is not a cursor of this list");
  }
  const page = await ledgerOf(c, address, (ledger) => ledger.search(filter, { before, limit }));
  const nextCursor = page.before === null ? null : encodeCursor(CURSOR, [address.log, page.before]);
  const events = page.entries.map(entryJson).join(",");
  return json(`{"events":[${events}],"next_cursor":${JSON.stringify(nextCursor)}}`);
}

function json(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/json" } });
}

export function seqOf(text: string | undefined): number {
  const isSeq = text !== undefined && /^(0|[1-9]\d{0,15})$/.test(text);
  const seq = isSeq ? Number(text) : Number.NaN;
  return Number.isSafeInteger(seq) ? seq : fail({ kind: "not_found" });
}
