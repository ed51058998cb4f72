/** Exports: entries as they were hashed, one a line; or a pack with all that it takes to verify them. */
import * as Type from "typebox";
import { exportEntries } from "#audit/export-entries.ts";
import type { ExportRange } from "#audit/ledger/export-range.ts";
import { packStream } from "#audit/pack.ts";
import { integer, oneOfOrFirst, refuseParameter, timestamp } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { operatorOf } from "#orgs/http/operator-of.ts";
import { askedLog, logParameter } from "./asked-log.ts";

function seq(description: string) {
  return integer(description, { min: 0, max: Number.MAX_SAFE_INTEGER, what: "a leaf index" });
}

export const exportRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/audit/export",
      operationId: "exportEntries",
      summary: "Export entries",
      description:
        "One canonical event a line: its SHA-256 is the entry's hash. The export is itself an entry, " +
        "which it does not contain. `format=pack` is a tar of what is under the newest checkpoint, " +
        "with checkpoint, keys, proofs, and a README on how to verify it by hand; a range of 8 GiB or " +
        "more is taken in parts. By `from` and `to` it holds the entries from the first to the last that the " +
        "list gives for these, and what lies between, for only what follows one another can be proven whole.",
      scope: "audit:read",
      alsoClosed: true,
      alsoWrites: true,
      query: {
        from_seq: seq("First entry; default the oldest there is"),
        to_seq: seq("Entry to end before; default the newest there is"),
        from: timestamp("In place of indexes: occurred (else recorded) at or after this time"),
        to: timestamp("Occurred (else recorded) before this time"),
        format: oneOfOrFirst("Lines alone, or a pack", ["ndjson", "pack"]),
        log: logParameter,
      },
      answers: {
        200: {
          description: "The entries",
          content: {
            "application/x-ndjson": Type.String(),
            "application/x-tar": { type: "string", format: "binary" },
          },
        },
      },
      problems: [409, 410],
    },
    async (c, { query }) => {
      const { org } = c.var;
      const { format } = query;
      const asked = {
        log: askedLog(org, query.log),
        isCurrent: query.log === undefined,
        format,
        range: { ...askedRange(query), isPublishedOnly: format === "pack" },
      };
      const exported = await exportEntries(c.env, org, asked, operatorOf(c, org.org));
      const { from, to } = exported.planned;
      const name = `${org.org}-audit-${from}-${to}`;
      if (format === "ndjson") {
        const headers = headersOf("application/x-ndjson", `${name}.ndjson`);
        return c.body(streamOf(exported.lines), 200, headers);
      }
      const pack = await packStream(c.env, exported, c.var.requestId);
      return c.body(pack, 200, headersOf("application/x-tar", `${name}.tar`));
    },
  ),
];

interface AskedExportRange {
  from_seq: number | undefined;
  to_seq: number | undefined;
  from: string | undefined;
  to: string | undefined;
}

/** By indexes or by time: which of two ranges is meant nobody has to guess. */
function askedRange(asked: AskedExportRange): Omit<ExportRange, "isPublishedOnly"> {
  const { from_seq = null, to_seq = null, from = null, to = null } = asked;
  if (from === null && to === null) return { from: from_seq, to: to_seq };
  if (from_seq !== null || to_seq !== null) {
    return refuseParameter(from === null ? "to" : "from", "does not go with from_seq and to_seq");
  }
  if (to !== null && to < (from ?? "")) return refuseParameter("to", "must not be before from");
  return { from: null, to: null, time: { from, to } };
}

function headersOf(contentType: string, name: string): Record<string, string> {
  return {
    "content-type": contentType,
    "content-disposition": `attachment; filename="${name}"`,
  };
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
