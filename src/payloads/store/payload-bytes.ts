/** How many bytes an org's payloads take, as the shard's org row counts them (src/orgs/space/counted-bytes.ts). */
import { type CountedTable, findCountedBytes } from "#orgs/store/counted-rows.ts";

/** What a row has besides its payloads: the org, the id, and its part of the page's own. */
export const PAYLOAD_ROW_BYTES = 100;

export const COUNTED_PAYLOADS: CountedTable = {
  table: "tool_invocation_payloads",
  counter: "payload_bytes",
  rowBytes: `${PAYLOAD_ROW_BYTES} + octet_length(pieces) + octet_length(sealed)`,
};

export function findPayloadBytes(db: D1Database, org: string): Promise<number> {
  return findCountedBytes(db, org, COUNTED_PAYLOADS);
}
