/** Exports: entries as they were hashed, one a line; or a pack with all that it takes to verify them. */
import { type Context, Hono } from "hono";
import * as Type from "typebox";
import type { LogAddress } from "../../domain/audit-log.ts";
import { fail } from "../../errors.ts";
import type { PlannedExport } from "../../ledger/export-range.ts";
import { eventOf } from "../../ledger/outbox.ts";
import type { AppEnv } from "../app-env.ts";
import { authorize } from "../authorize.ts";
import { describeOperation, queryParameters } from "../describe-operation.ts";
import { actionOf } from "../operator-action.ts";
import { readQuery, refuseParameter } from "../query.ts";
import { currentLog, ledgerOf, writeToLog } from "./audit-log.ts";
import { packStream } from "./pack.ts";

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
    }),
    answers: {
      200: { description: "The entries", schema: Type.String(), mediaType: "application/x-ndjson" },
    },
    problems: [400, 410],
  }),
  authorize("audit:read", { alsoClosed: true }),
  async (c) => {
    const query = readQuery(c.req, ["from_seq", "to_seq", "format"]);
    const format = query.format ?? "ndjson";
    if (format !== "ndjson" && format !== "pack")
      refuseParameter("format", "must be ndjson or pack");
    const range = {
      from: seqParameter("from_seq", query.from_seq),
      to: seqParameter("to_seq", query.to_seq),
      isPublishedOnly: format === "pack",
    };
    const event = exportedEvent(c, format);
    const answer = await writeToLog(c, (ledger, log) => ledger.beginExport(log, event, range));
    if (answer.kind === "pruned") return fail({ kind: "pruned" });
    if (answer.kind === "empty_range")
      return refuseParameter("to_seq", "must not be below from_seq");
    if (answer.kind === "not_signed_yet") {
      return fail({ kind: "not_yet_signed", retryAfterSeconds: 60 });
    }
    const planned = answer.kind === "export" ? answer : fail({ kind: "internal" });
    const address = currentLog(c.var.org);
    const lines = entryLines(c, address, planned);
    const name = `${c.var.org.org}-audit-${planned.from}-${planned.to}`;
    if (format === "pack") {
      const pack = await packStream(c, address, planned, lines);
      return c.body(pack, 200, headers("application/x-tar", `${name}.tar`));
    }
    return c.body(streamOf(lines), 200, headers("application/x-ndjson", `${name}.ndjson`));
  },
);

function headers(contentType: string, name: string): Record<string, string> {
  return {
    "content-type": contentType,
    "content-disposition": `attachment; filename="${name}"`,
    "cache-control": "no-store",
  };
}

function exportedEvent(c: Context<AppEnv>, format: string) {
  const { org } = c.var.org;
  const details = { format };
  const action = actionOf(c, {
    org,
    action: "operator.audit.exported",
    target: `audit://${org}`,
    details,
  });
  return eventOf(action);
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
