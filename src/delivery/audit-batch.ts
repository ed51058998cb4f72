/** Which entries of an org's logs its receiver gets next. */
import type { LogAddress } from "#audit/audit-log.ts";
import type { EntryLines, LineRange } from "#audit/ledger/published.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import type { Env } from "#platform/env.ts";
import { FailureError } from "#platform/errors.ts";

/** A batch ends once it has so many characters, so it is at most an entry (64 KiB) larger. */
const BATCH_CHARACTERS = 512_000;

/** Problems of a log that was set back to an older state: the receiver has what the log lost. */
const SHORTER = "the log has fewer entries than were forwarded";
const MISSING = "the log's next entry is not there";
/** And of one that cannot prove what comes next. */
const CONTRADICTED = "the log contradicts itself";

export type AuditBatch =
  /** Canonical events, a line each: `[from, next)` of the log. */
  | { kind: "lines"; bytes: Uint8Array; next: number }
  /** Retention has removed the entries that come next, up to `next`. */
  | { kind: "pruned"; next: number }
  /** All of the log was sent. */
  | { kind: "end" }
  | { kind: "broken"; problem: string };

export async function nextBatch(
  env: Env,
  address: LogAddress,
  { from, rowsMax }: { from: number; rowsMax: number },
): Promise<AuditBatch> {
  const status = await callLedger(env, address, (ledger) => ledger.status());
  const { treeSize, minIndex } = status ?? { treeSize: 0, minIndex: 0 };
  if (from < minIndex) return { kind: "pruned", next: minIndex };
  if (from > treeSize) return { kind: "broken", problem: SHORTER };
  if (from === treeSize) return { kind: "end" };
  const range = { from, to: Math.min(treeSize, from + rowsMax), bytesMax: BATCH_CHARACTERS };
  const lines = await provenLines(env, address, range);
  if (lines === null) return { kind: "broken", problem: CONTRADICTED };
  const { bytes, next } = lines;
  // The next entry was pruned since the log's status was read: the next attempt sees up to where.
  return next > from ? { kind: "lines", bytes, next } : { kind: "broken", problem: MISSING };
}

/** Null where the log cannot prove the next entry. */
async function provenLines(
  env: Env,
  address: LogAddress,
  range: LineRange,
): Promise<EntryLines | null> {
  try {
    return await callLedger(env, address, (ledger) => ledger.lines(range));
  } catch (error) {
    if (error instanceof FailureError && error.failure.kind === "log_contradicted") return null;
    throw error;
  }
}
