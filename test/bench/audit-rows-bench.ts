/** The rows that a ledger's SQL reads and writes for an append: with requests, its bill. */
import { join } from "node:path";
import { type AuditLoad, makeAuditReports } from "../harness/audit-load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { sendTimed } from "../harness/timed-requests.ts";
import type { Figure } from "./figure.ts";

export const ROWS_WORKER = join(import.meta.dirname, "../harness/ledger-rows-worker.ts");

interface Rows {
  rowsRead: number;
  rowsWritten: number;
}

export async function benchAuditRows(runtime: Runtime): Promise<Figure[]> {
  const shapes: [name: string, requests: number, size: number, load: AuditLoad][] = [
    ["256 a request, half traced", 40, 256, { hasEventIds: true, tracedShare: 0.5 }],
    ["256 a request, all traced", 40, 256, { hasEventIds: true, tracedShare: 1 }],
    ["1 a request, half traced", 400, 1, { hasEventIds: true, tracedShare: 0.5 }],
  ];
  const figures: Figure[] = [];
  for (const [index, [name, requests, size, load]] of shapes.entries()) {
    const rows = await rowsOf(runtime, `rows-${index}`, makeAuditReports(requests, size, load, 1));
    const events = requests * size;
    const unit = "/event";
    figures.push(
      { name: `Ledger rows written, ${name}`, value: rows.rowsWritten / events, unit },
      { name: "  rows read", value: rows.rowsRead / events, unit },
    );
  }
  return figures;
}

async function rowsOf(runtime: Runtime, org: string, reports: readonly object[]): Promise<Rows> {
  await runtime.makeOrg(org);
  const path = `/bench/ledger-rows?org=${org}`;
  await runtime.json("GET", path);
  const requests = reports.map((report) => ({
    method: "POST",
    path: `/v1/orgs/${org}/audit`,
    body: JSON.stringify(report),
  }));
  await sendTimed(runtime, requests, 4);
  return runtime.json<Rows>("GET", path);
}
