/** The entries that a ledger makes of reports: what is appended to it, for a log that takes whole entries. */
import { sha256 } from "#formats/sha256.ts";
import type { AuditReport } from "../../harness/audit-load.ts";
import { auditEventsOf, entryBody } from "../raw-ledger.ts";

export function ledgerEntries(org: string, reports: readonly AuditReport[]): string[] {
  const recordedAt = new Date().toISOString();
  let previous: Uint8Array = Buffer.alloc(32);
  return reports.flatMap(auditEventsOf).map((event) => {
    const body = entryBody(event, org, previous, recordedAt);
    previous = sha256(Buffer.from(body));
    return body;
  });
}
