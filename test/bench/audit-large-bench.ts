/** A ledger of a million entries: filling, searching, proving, signing, exporting and verifying it. */
import { AuditFleet } from "../harness/audit-load.ts";
import { randomSource } from "../harness/load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { sendTimed } from "../harness/timed-requests.ts";
import { type Figure, latencyFigures, median, quantile } from "./figure.ts";
import { AUDIT_PATH, EVENTS, fill, ORG } from "./large-log.ts";
import { LedgerFile } from "./ledger-file.ts";
import { benchSearches } from "./search-bench.ts";
import { benchVerify } from "./verify-bench.ts";

export const ENTRIES_DEFAULT = 1_000_000;
const CHECKPOINTS = 20;
const PROOFS = 500;

export async function benchAuditLarge(runtime: Runtime, entries: number): Promise<Figure[]> {
  await runtime.makeOrg(ORG);
  const { filled, figures: fillFigures } = await fill(runtime, entries);
  report(fillFigures);
  const file = await LedgerFile.largest(runtime.folder);
  const figures = [
    ...fillFigures,
    ...report(await benchSearches(runtime, filled, file)),
    ...report(await benchCheckpoints(runtime)),
    ...report(await benchProofs(runtime, entries)),
    ...report(await benchExport(runtime, file)),
    ...report(await benchVerify(runtime, file)),
    { name: "database", value: (await file.bytes()) / entries, unit: "bytes/entry" },
  ];
  file.close();
  return figures;
}

/** A run takes minutes: what is known by now is seen by now. */
function report(figures: Figure[]): Figure[] {
  for (const { name, value, unit = "" } of figures) console.error(`${name}: ${value} ${unit}`);
  return figures;
}

async function benchCheckpoints(runtime: Runtime): Promise<Figure[]> {
  const fleet = new AuditFleet({ hasEventIds: true, tracedShare: 0.5 }, 2);
  const sign = async () => {
    const startedAt = performance.now();
    const { status } = await runtime.send("POST", `${AUDIT_PATH}/checkpoint`);
    if (status !== 200) throw new Error(`a checkpoint answered ${status}`);
    return performance.now() - startedAt;
  };
  const firstMs = await sign();
  const laterMs: number[] = [];
  for (let round = 0; round < CHECKPOINTS; round += 1) {
    await runtime.json("POST", AUDIT_PATH, fleet.report(EVENTS));
    laterMs.push(await sign());
  }
  return [
    { name: "POST checkpoint, the first, over all entries", value: firstMs, unit: "ms" },
    { name: "POST checkpoint after 256 new entries, p50", value: median(laterMs), unit: "ms" },
    { name: "  slowest of 20", value: Math.max(...laterMs), unit: "ms" },
  ];
}

/** Its floor is reading the entry without a proof. */
async function benchProofs(runtime: Runtime, entries: number): Promise<Figure[]> {
  const random = randomSource(3);
  const seqs = Array.from({ length: PROOFS }, () => Math.floor(random() * entries));
  const get = (path: string) => ({ method: "GET", path: `${AUDIT_PATH}/${path}` });
  const proofs = await sendTimed(
    runtime,
    seqs.map((seq) => get(`${seq}/proof`)),
    1,
  );
  const plain = await sendTimed(
    runtime,
    seqs.map((seq) => get(`${seq}`)),
    1,
  );
  return [
    ...latencyFigures("GET proof of a random entry", proofs.latenciesMs),
    ...latencyFigures("  GET the entry alone", plain.latenciesMs),
    { name: "  proof, median size", value: median(proofs.sizes), unit: "bytes" },
    { name: "  proof, largest (target ≤ 2,048)", value: quantile(proofs.sizes, 1), unit: "bytes" },
  ];
}

async function benchExport(runtime: Runtime, file: LedgerFile): Promise<Figure[]> {
  const startedAt = performance.now();
  const bytes = await runtime.download(`${AUDIT_PATH}/export`);
  const elapsedMs = performance.now() - startedAt;
  const raw = file.readBodies();
  return [
    { name: "export, NDJSON", value: bytes / elapsedMs / 1e3, unit: "MB/s" },
    { name: "  size", value: bytes / 1e6, unit: "MB" },
    { name: "  raw node:sqlite reading it", value: raw.bytes / raw.elapsedMs / 1e3, unit: "MB/s" },
  ];
}
