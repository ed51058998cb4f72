/** A row of payloads, sealed anew with another key, each field by itself. */
import { concatBytes } from "#formats/concat-bytes.ts";
import type { Piece } from "#payloads/store/payload-rows.ts";
import type { EarlierRow } from "#payloads/store/resealing.ts";
import type { VersionedKey } from "#vault/seal.ts";
import { openPayload, type PayloadPlace, sealPayload } from "./sealed-payload.ts";

export interface ReplacedSeals {
  readonly pieces: Readonly<Record<string, Piece>>;
  readonly sealed: Uint8Array;
}

/** What does not open stays as it is, to be refused as before: no key of the org's opens it. */
export async function resealRow(
  org: string,
  { pieces, sealed }: Pick<EarlierRow, "pieces" | "sealed">,
  { from, to }: { from: VersionedKey; to: VersionedKey },
): Promise<ReplacedSeals> {
  const fields: Uint8Array[] = [];
  const moved: Record<string, Piece> = {};
  let offset = 0;
  const reseal = async (place: PayloadPlace, start: number, bytes: number) => {
    if (bytes === 0) return 0;
    const field = sealed.subarray(start, start + bytes);
    const content = await openPayload(from, place, field);
    const anew = content === null ? field : await sealPayload(to, place, content);
    fields.push(anew);
    return anew.length;
  };
  for (const [id, [start, requestBytes, responseBytes]] of Object.entries(pieces)) {
    const request = await reseal({ org, id, field: "request" }, start, requestBytes);
    const responseStart = start + requestBytes;
    const response = await reseal({ org, id, field: "response" }, responseStart, responseBytes);
    moved[id] = [offset, request, response];
    offset += request + response;
  }
  return { pieces: moved, sealed: concatBytes(fields) };
}
