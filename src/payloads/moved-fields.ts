/** The fields of a payload, opened where it was and sealed for the sample that it is moved to. */
import type { Org } from "#orgs/org.ts";
import type { MovedPlace, MovedRow } from "#payloads/store/moved-payloads.ts";
import { atOnce } from "#platform/slices.ts";
import { redactPayload } from "#redaction/redact-payload.ts";
import type { VersionedKey } from "#vault/seal.ts";
import { type PayloadContent, payloadContent } from "./payload-size.ts";
import { openPayload, type PayloadField, sealPayload } from "./sealed-payload.ts";

export interface MovedPlacement {
  readonly org: Pick<Org, "org" | "redaction">;
  readonly place: MovedPlace;
  readonly keys: { readonly from: VersionedKey; readonly to: VersionedKey };
}

export interface MovedFields {
  readonly request: Uint8Array | null;
  readonly response: Uint8Array | null;
}

/** Null where a field does not open. */
export async function movedFields(
  placement: MovedPlacement,
  row: MovedRow,
): Promise<MovedFields | null> {
  const request = await movedField(placement, row, "request");
  const response = await movedField(placement, row, "response");
  return request === "refused" || response === "refused" ? null : { request, response };
}

async function movedField(
  placement: MovedPlacement,
  { id, sampleId, piece, sealed }: MovedRow,
  field: PayloadField,
): Promise<Uint8Array | null | "refused"> {
  if (piece === null) return "refused";
  const { org } = placement.org;
  const { from, to } = placement.keys;
  const [start, requestBytes, responseBytes] = piece;
  const [at, bytes] =
    field === "request" ? [start, requestBytes] : [start + requestBytes, responseBytes];
  if (bytes === 0) return null;
  const content = await openPayload(from, { org, id, field }, sealed.subarray(at, at + bytes));
  if (content === null) return "refused";
  return sealPayload(to, { org, id: sampleId, field }, redactedAnew(placement, field, content));
}

/** By the names that it has now: under those that it was told of by other rules held. Of what is cut nothing can be found. */
function redactedAnew(
  { org: { redaction }, place }: MovedPlacement,
  field: PayloadField,
  content: PayloadContent,
): PayloadContent {
  const kept = new TextDecoder().decode(content.kept);
  const isCut = content.blake3 !== null;
  const { text } = redactPayload(kept, redaction, { ...place, field }, { wasCut: isCut });
  return text === kept ? content : atOnce(payloadContent(text));
}
