/** Payloads on the wire: those that are viewed as they were sent, and what an erasure did. */
import * as Type from "typebox";
import { encodeHex } from "#formats/hex.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import type { ErasureProgress } from "#payloads/erase-payloads.ts";
import type { OpenedPayload } from "#payloads/open-payload.ts";
import { PAYLOAD_BYTES_MAX, type PayloadContent } from "#payloads/payload-size.ts";
import { DAY_MS } from "#platform/time.ts";

const Field = Type.Unknown({
  description: `As it was sent, or null. Of more than ${PAYLOAD_BYTES_MAX} bytes of JSON a text, its beginning`,
});
const Cut = Type.Union([
  Type.Object({
    bytes: Type.Integer({ description: "Of the whole, as JSON in UTF-8" }),
    blake3: Type.String({ description: "BLAKE3-256 of the whole, hex" }),
  }),
  Type.Null(),
]);

export const PayloadSchema = Type.Object(
  {
    request: Field,
    response: Field,
    cut: Type.Object(
      { request: Cut, response: Cut },
      { description: "What of each is not kept, where its beginning is; else null" },
    ),
  },
  { title: "Payload" },
);

export const ErasedSchema = Type.Object(
  {
    erased: Type.Integer({ description: "Calls whose payload is erased" }),
    pending: Type.Boolean({ description: "The rest is erased by the next minutes' ticks" }),
    copies: Type.Object(
      {
        open_until: Type.String({
          format: "date-time",
          description: "The database's own recovery goes back 30 days: it has a copy for as long",
        }),
        rotate: Type.String({
          description:
            'POST `{ "purposes": ["payload"] }` here: what is left is sealed anew, and the key that ' +
            "what was erased is sealed with is destroyed, some ten minutes later at the earliest. Then no copy " +
            "opens it, however long it is kept",
        }),
      },
      { description: "Copies of the database from before the erasure" },
    ),
  },
  { title: "ErasedPayloads" },
);

/** As text, for what was sent goes back as it is: its numbers keep their digits, and no depth is too much. */
export function payloadJson({ request, response }: OpenedPayload): string {
  const cut = { request: cutOf(request), response: cutOf(response) };
  const [first, second] = [fieldJson(request), fieldJson(response)];
  return `{"request":${first},"response":${second},"cut":${JSON.stringify(cut)}}`;
}

function fieldJson(content: PayloadContent | null): string {
  if (content === null) return "null";
  const text = new TextDecoder().decode(content.kept);
  return content.blake3 === null ? text : JSON.stringify(text);
}

function cutOf(content: PayloadContent | null) {
  if (content === null || content.blake3 === null) return null;
  return { bytes: content.bytes, blake3: encodeHex(content.blake3) };
}

/** D1 Time Travel, and a Durable Object's point-in-time recovery. */
const RECOVERY_MS = 30 * DAY_MS;

export function erasedJson({ erased, isPending }: ErasureProgress, org: string, nowMs: number) {
  const openUntil = formatTimestamp(nowMs + RECOVERY_MS);
  const copies = { open_until: openUntil, rotate: `/v1/orgs/${org}/keys/rotate` };
  return { erased, pending: isPending, copies };
}
