/** Exports: entries as they were hashed, one a line; or a pack with all that it takes to verify them. */
import { type Context, Hono } from "hono";
import * as Type from "typebox";
import type { LogAddress } from "#audit/audit-log.ts";
import type { ExportAnswer, ExportRange, PlannedExport } from "#audit/ledger/export-range.ts";
import type { LedgerStub } from "#audit/ledger-stub.ts";
import { eventOf } from "#audit/outbox.ts";
import { packStream } from "#audit/pack.ts";
import { describeOperation, queryParameters } from "#http/describe-operation.ts";
import { readQuery, refuseParameter } from "#http/query.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { authorize } from "#orgs/http/authorize.ts";
import { actionOf } from "#orgs/http/operator-action.ts";
import { insertOperatorAction, type OperatorAction } from "#orgs/store/operator-actions.ts";
import { fail } from "#platform/errors.ts";
import { askedLog, currentLog, ledgerOf, writeToLog } from "./asked-log.ts";

/** An RPC answer may have 32 MiB; an entry 64 KiB. */
const PAGE_BYTES = 1_000_000;

export const auditExport = new Hono<AppEnv>().get(
  "/",
  describeOperation({
    summary: "Export entries",
    description:
      "One canonical event a line: its SHA-256 is the entry's hash. The export is itself an entry, " +
      "which it does not contain. `format=pack` is a tar of what is under the newest checkpoint, " +
      "with checkpoint, keys, proofs, and a README on how to verify it by hand.",
    scope: "audit:read",
    query: queryParameters({
      from_seq: "First entry; default the oldest there is",
      to_seq: "Entry to end before; default the newest there is",
      format: "`ndjson` (default) or `pack`",
      log: "Number of an earlier log of the org",
    }),
    answers: {
      200: { description: "The entries", schema: Type.String(), mediaType: "application/x-ndjson" },
    },
    problems: [400, 410],
  }),
  authorize("audit:read", { alsoClosed: true }),
  async (c) => {
    const query = readQuery(c.req, ["from_seq", "to_seq", "format", "log"]);
    const format = query.format ?? "ndjson";
    if (format !== "ndjson" && format !== "pack")
      refuseParameter("format", "must be ndjson or pack");
    const range = {
      from: seqParameter("from_seq", query.from_seq),
      to: seqParameter("to_seq", query.to_seq),
      isPublishedOnly: format === "pack",
    };
    const asked = askedLog(c.var.org, query.log);
    const action = exportAction(c, { format, log: String(asked.log) });
    const planned = await recordedExport(c, asked, action, range);
    const isCurrent = query.log === undefined;
    const address = isCurrent ? currentLog(c.var.org) : asked;
    const lines = entryLines(c, address, planned);
    const name = `${c.var.org.org}-audit-${planned.from}-${planned.to}`;
    if (format === "pack") {
      const pack = await packStream(c, address, planned, lines);
      return c.body(pack, 200, headers("application/x-tar", `${name}.tar`));
    }
    return c.body(streamOf(lines), 200, headers("application/x-ndjson", `${name}.ndjson`));
  },
);

function plannedExport(answer: ExportAnswer | null): PlannedExport {
  switch (answer?.kind) {
    case "export":
      return answer;
    case "pruned":
      return fail({ kind: "pruned" });
    case "empty_range":
      return refuseParameter("to_seq", "must not be below from_seq");
    case "not_signed_yet":
      return fail({ kind: "not_yet_signed", retryAfterSeconds: 60 });
    case undefined:
      return fail({ kind: "not_found" });
    default:
      return fail({ kind: "internal" });
  }
}

/** An export stands in the log that it is of, or, where that takes no more entries, in its successor. */
async function recordedExport(
  c: Context<AppEnv>,
  asked: LogAddress,
  action: OperatorAction,
  range: ExportRange,
): Promise<PlannedExport> {
  const status = await ledgerOf(c, asked, (ledger) => ledger.status());
  const isOpen = status?.frozenReason == null && asked.log === c.var.org.auditLog;
  if (isOpen) {
    const event = eventOf(action);
    const write = (ledger: LedgerStub, log: LogAddress) => ledger.beginExport(log, event, range);
    return plannedExport(await writeToLog(c, write));
  }
  const planned = plannedExport(await ledgerOf(c, asked, (ledger) => ledger.planExport(range)));
  const seqs = { from_seq: String(planned.from), to_seq: String(planned.to) };
  const details = { ...action.details, ...seqs };
  await insertOperatorAction(c.env.DIRECTORY, { ...action, details });
  return planned;
}

function headers(contentType: string, name: string): Record<string, string> {
  return {
    "content-type": contentType,
    "content-disposition": `attachment; filename="${name}"`,
    "cache-control": "no-store",
  };
}

function exportAction(c: Context<AppEnv>, details: OperatorAction["details"]): OperatorAction {
  const { org } = c.var.org;
  return actionOf(c, {
    org,
    action: "operator.audit.exported",
    target: `audit://${org}`,
    details,
  });
}

function seqParameter(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const seq = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(seq) ? seq : refuseParameter(name, "must be a leaf index");
}

/** Page by page: whatever the log's length, one page is in memory. */
async function* entryLines(
  c: Context<AppEnv>,
  address: LogAddress,
  { from, to }: PlannedExport,
): AsyncGenerator<Uint8Array> {
  for (let next = from; next < to; ) {
    const range = { from: next, to, bytesMax: PAGE_BYTES };
    const page = await ledgerOf(c, address, (ledger) => ledger.lines(range));
    // Pruned while it was read: a short answer must not look like a whole one.
    if (page.next === next) throw new Error("export: entries are gone");
    yield page.bytes;
    next = page.next;
  }
}

function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}
