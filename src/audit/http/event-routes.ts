/** Audit events: reported by gateways, and read back as entries. */
import type { Context } from "hono";
import * as Type from "typebox";
import {
  auditReport,
  checkCostUs,
  reportEnvelope,
  reportedEvent,
} from "#audit/audit-event-schema.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import { recordEvents } from "#audit/record-events.ts";
import { cursor, cursorFormat, encodeCursor, limit } from "#http/pagination.ts";
import { oneOfOrFirst, refuseParameter } from "#http/parameters.ts";
import { jsonListBody } from "#http/request-body.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { actorOf, hiddenTokenId } from "#orgs/principal.ts";
import { fail } from "#platform/errors.ts";
import { askedLog, logParameter, seqOf } from "./asked-log.ts";
import { EntrySchema, entryJson } from "./entry-json.ts";
import { ENTRY_PARAMETERS, entryFilter } from "./entry-parameters.ts";

const PATH = "/v1/orgs/:org/audit";
const SEQ = { seq: { type: "integer", minimum: 0 } };

/** As a report of calls: an isolate's 128 MB have room for several that are read at once. */
const REPORT_BYTES_MAX = 4 * 1024 * 1024;

const CURSOR = cursorFormat("audit", ["number", "number", "string"]);

/** Only a cursor that was given out in this order goes on in it. */
const ORDER = oneOfOrFirst("Newest first, or oldest first", ["desc", "asc"]);

const ReceiptsSchema = Type.Object(
  {
    receipts: Type.Array(
      Type.Object(
        {
          seq: Type.Integer(),
          event_id: Type.String(),
          hash: Type.String(),
          previous_hash: Type.String(),
        },
        { title: "Receipt" },
      ),
    ),
  },
  { title: "Receipts" },
);

const EntriesSchema = Type.Object(
  {
    events: Type.Array(EntrySchema),
    next_cursor: Type.Union([Type.String(), Type.Null()]),
  },
  { title: "EntryList" },
);

/** Routes with a name of their own stand before these, for `/:seq` would match them. */
export const eventRoutes: readonly AppRoute[] = [
  route(
    {
      method: "post",
      path: PATH,
      operationId: "reportEvents",
      summary: "Report audit events",
      description:
        "All of them are appended, or none. An event sent again under its `event_id` gets its first " +
        "receipt; a receipt proves something once its `seq` is under a signed checkpoint. 503 `log_full` where " +
        "the log's last room is for this service's own entries.",
      scope: "audit:write",
      body: jsonListBody(auditReport, {
        bytesMax: REPORT_BYTES_MAX,
        ...{ list: "events", envelope: reportEnvelope, item: reportedEvent, costUs: checkCostUs },
      }),
      answers: {
        201: {
          description: "Appended and durable",
          content: { "application/json": ReceiptsSchema },
        },
      },
      problems: [409],
    },
    async (c, { body }) => {
      const { principal } = c.var;
      const report = {
        instance: body.instance_id,
        events: body.events,
        recordedBy: actorOf(principal),
        tokenId: hiddenTokenId(principal),
      };
      return c.json({ receipts: await recordEvents(c.env, c.var.org, report) }, 201);
    },
  ),
  route(
    {
      method: "get",
      path: PATH,
      operationId: "listEntries",
      summary: "List audit events",
      description:
        "By place in the log, newest first unless asked otherwise: entries that come while it is read are on no " +
        "later page, or, oldest first, on the last. A page may be short, or empty, and still carry a cursor: follow it. A page ends before an entry that " +
        "cannot be proven, and its cursor leads to 500 `log_contradicted`, which names it.",
      scope: "audit:read",
      alsoClosed: true,
      query: { ...ENTRY_PARAMETERS, order: ORDER, limit, cursor: cursor(CURSOR) },
      answers: {
        200: { description: "A page of entries", content: { "application/json": EntriesSchema } },
      },
    },
    async (c, { query }) => {
      const { order } = query;
      const [cursorLog, behind, cursorOrder] = query.cursor ?? [null, null, order];
      const address = askedLog(c.var.org, query.log ?? cursorLog ?? undefined);
      const isOfList = cursorLog === null || cursorLog === address.log;
      if (!isOfList || cursorOrder !== order) {
        return refuseParameter("cursor", "is not a cursor of this list");
      }
      const bounds = { behind, limit: query.limit, order };
      const filter = entryFilter(query);
      const page = await callLedger(c.env, address, (ledger) => ledger.search(filter, bounds));
      const next = page.end === null ? null : encodeCursor(CURSOR, [address.log, page.end, order]);
      const events = page.entries.map(entryJson).join(",");
      return json(c, `{"events":[${events}],"next_cursor":${JSON.stringify(next)}}`);
    },
  ),
  route(
    {
      method: "get",
      path: `${PATH}/:seq`,
      operationId: "getEntry",
      summary: "An entry",
      scope: "audit:read",
      alsoClosed: true,
      pathParameters: SEQ,
      query: { log: logParameter },
      answers: { 200: { description: "The entry", content: { "application/json": EntrySchema } } },
      problems: [410],
    },
    async (c, { query }) => {
      const address = askedLog(c.var.org, query.log);
      const seq = seqOf(c.req.param("seq"));
      const entry = await callLedger(c.env, address, (ledger) => ledger.entry(seq));
      if (entry === "pruned") return fail({ kind: "pruned" });
      return json(c, entryJson(entry ?? fail({ kind: "not_found" })));
    },
  ),
  route(
    {
      method: "get",
      path: `${PATH}/:seq/proof`,
      operationId: "proveEntry",
      summary: "Proof that an entry is in the log",
      description: "c2sp.org/tlog-proof@v1 under the newest checkpoint.",
      scope: "audit:read",
      alsoClosed: true,
      pathParameters: SEQ,
      query: { log: logParameter },
      answers: { 200: { description: "The proof", content: { "text/plain": Type.String() } } },
      problems: [409, 410],
    },
    async (c, { query }) => {
      const address = askedLog(c.var.org, query.log);
      const seq = seqOf(c.req.param("seq"));
      const answer = await callLedger(c.env, address, (ledger) => ledger.proof(seq));
      if (answer.kind === "not_signed_yet") fail({ kind: "not_yet_signed", retryAfterSeconds: 60 });
      if (answer.kind === "pruned") fail({ kind: "pruned" });
      return answer.kind === "proof" ? c.text(answer.proof) : fail({ kind: "not_found" });
    },
  ),
];

/** An answer that is JSON already: its entries are the texts that were hashed. */
function json(c: Context, text: string): Response {
  return c.body(text, 200, { "content-type": "application/json" });
}
