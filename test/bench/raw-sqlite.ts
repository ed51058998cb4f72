/** The baseline of ingest: node:sqlite inserting the same rows, ready made, into the same schema. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { LoadSample } from "../harness/load.ts";
import { migrationStatements } from "../harness/migrations.ts";

const COLUMNS = `org, id, workspace, plugin, tool, instance, started_at_ms, duration_us, outcome,
  ingested_at_ms, actor, trace_id, span_id, request_bytes, response_bytes`;

/** Milliseconds for the reports, a transaction each, with its arrival row of `arrivalBytes`. */
export async function insertRaw(
  reports: readonly (readonly LoadSample[])[],
  arrivalBytes: number,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "mcpg-raw-"));
  const db = new DatabaseSync(join(folder, "raw.sqlite"));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  for (const statement of await migrationStatements("shard")) db.exec(statement);
  const rows = reports.map((report) => report.map(rowOf));
  const payload = "x".repeat(arrivalBytes);
  const sample = db.prepare(
    `INSERT INTO tool_invocations (${COLUMNS}) VALUES (${COLUMNS.replaceAll(/\w+/g, "?")})`,
  );
  const arrival = db.prepare(
    "INSERT INTO arrivals (org, id, received_ms, bytes, payload) VALUES (?, ?, ?, ?, ?)",
  );
  const startedAt = performance.now();
  for (const report of rows) {
    db.exec("BEGIN");
    for (const row of report) sample.run(...row);
    arrival.run("bench", randomUUID(), Date.now(), arrivalBytes, payload);
    db.exec("COMMIT");
  }
  const elapsedMs = performance.now() - startedAt;
  db.close();
  await rm(folder, { recursive: true, force: true });
  return elapsedMs;
}

function rowOf(sample: LoadSample): (string | number)[] {
  return [
    "bench",
    sample.id,
    sample.workspace,
    sample.plugin,
    sample.tool,
    "gw-1",
    Date.parse(sample.started_at),
    Math.round(sample.duration_ms * 1e3),
    sample.outcome,
    Date.now(),
    sample.actor,
    sample.trace_id,
    sample.span_id,
    sample.request_bytes,
    sample.response_bytes,
  ];
}
