/**
 * Whether an announced pruning could be what it says: of entries whose retention had ended. The entries are
 * gone, and their own times with them; what is left to hold the announcement against is
 *
 *   - itself: the time of the newest that went, and the days that it was kept for;
 *   - what comes behind it: a correction of the clock that it went by;
 *   - what the verifier kept: when entries that it has seen were recorded, and what was promised to them;
 *   - what the verifier knows to be promised to any entry;
 *   - the verifier's own clock.
 *
 * None of these proves that an entry was old enough, unless the verifier has seen it. Where they say nothing against it, it is the operator's
 * word, unless even the first entry that is left had expired: times of record never fall, but where a clock was
 * corrected.
 */
import type { CanonicalObject } from "#formats/canonical-json.ts";
import { formatTimestamp, parseTimestampMs } from "#formats/rfc3339.ts";
import { parseDecimal } from "#formats/tlog/decimal.ts";
import { textMember } from "./entry.ts";
import type { Finding } from "./verdicts.ts";

const MS_PER_DAY = 86_400_000;
/** How far the log's clock may be ahead of the verifier's. */
const AHEAD_MS_MAX = 600_000;

export interface PruningAnnouncement {
  readonly seq: number;
  readonly from: number;
  readonly to: number;
  readonly recordedAtMs: number;
  /** Null where it does not say. */
  readonly retentionDays: number | null;
  readonly lastRecordedAtMs: number | null;
}

/** Where the log's clock was corrected: to the time of the entry itself. */
export interface ClockFall {
  readonly seq: number;
  readonly recordedAtMs: number;
}

/** What is known besides of the entries that are gone. */
export interface PruningEvidence {
  readonly fromSeq: number;
  readonly nowMs: number;
  /** In their order, of those that were read. */
  readonly corrections: readonly ClockFall[];
  /** Entries that the verifier has seen before, in order, with the time and the promise that each had. */
  readonly seen: readonly SeenEntry[];
  /** Days that every entry was promised, whatever the log says. */
  readonly retentionDaysMin: number;
  /** The days that are known to be promised to the entry; 0 where nothing is known. */
  readonly daysPromisedTo: (seq: number) => number;
}

export interface SeenEntry {
  readonly seq: number;
  readonly recordedAtMs: number;
  readonly promisedDays: number;
}

/** Null for details that name no prefix: they announce nothing. */
export function readAnnouncement(
  seq: number,
  details: CanonicalObject,
  recordedAt: string,
): PruningAnnouncement | null {
  const number = (name: string) => parseDecimal(textMember(details, name) ?? "");
  const [from, to] = [number("from"), number("to")];
  if (from === null || to === null || to <= from) return null;
  return {
    seq,
    from,
    to,
    recordedAtMs: parseTimestampMs(recordedAt) ?? 0,
    retentionDays: number("retention_days"),
    lastRecordedAtMs: parseTimestampMs(textMember(details, "last_recorded_at") ?? "") ?? null,
  };
}

/** What speaks against it; null if nothing does. */
export function contradictionOf(
  claim: PruningAnnouncement,
  evidence: PruningEvidence,
): Finding | null {
  const { seq, to, retentionDays: days } = claim;
  if (days === null) return tooEarly(`entry ${seq} does not say how long entries are kept`);
  const atMs = correctedMs(claim, evidence.corrections);
  const what = `entry ${seq} announces that the first ${to} entries are pruned, kept for ${days} days,`;
  if (atMs > evidence.nowMs + AHEAD_MS_MAX) {
    return tooEarly(`${what} at ${formatTimestamp(atMs)}, which is yet to come`);
  }
  const { retentionDaysMin: daysMin } = evidence;
  if (days < daysMin) return tooEarly(`${what} but any entry is promised ${daysMin} at least`);
  const young = timesOfPruned(claim, evidence).find(
    ({ recordedAtMs, promisedDays }) =>
      recordedAtMs >= atMs - Math.max(days, promisedDays) * MS_PER_DAY,
  );
  if (young === undefined) return null;
  const when = `at ${formatTimestamp(atMs)}`;
  const { told, recordedAtMs, promisedDays } = young;
  const promised = promisedDays > days ? `, and promised ${promisedDays} days` : "";
  const at = formatTimestamp(recordedAtMs);
  return tooEarly(`${what} ${when}, but ${told} was recorded at ${at}${promised}`);
}

/** True if what is left shows by itself that all that went had expired. */
export function isBorneOut(
  claim: PruningAnnouncement,
  first: { readonly recordedAtMs: number; readonly isCorrection: boolean },
  corrections: readonly ClockFall[],
): boolean {
  if (first.isCorrection || claim.retentionDays === null) return false;
  return first.recordedAtMs < correctedMs(claim, corrections) - claim.retentionDays * MS_PER_DAY;
}

/** When it was announced: no later than a correction of the clock that comes behind it. */
function correctedMs(
  { seq, recordedAtMs }: PruningAnnouncement,
  corrections: readonly ClockFall[],
): number {
  const next = corrections.find((correction) => correction.seq > seq);
  return Math.min(recordedAtMs, next?.recordedAtMs ?? recordedAtMs);
}

/** Times at which entries that went were recorded, as far as anything tells. */
function timesOfPruned(claim: PruningAnnouncement, evidence: PruningEvidence) {
  const { to, lastRecordedAtMs } = claim;
  const promisedDays = evidence.daysPromisedTo(to - 1);
  const last =
    lastRecordedAtMs === null
      ? []
      : [{ seq: to - 1, recordedAtMs: lastRecordedAtMs, promisedDays }];
  const kept = evidence.seen.findIndex(({ seq }) => seq >= to);
  const seen = kept === -1 ? evidence.seen : evidence.seen.slice(0, kept);
  const told = [
    ...last.map((entry) => ({ ...entry, told: "the newest of them, it says," })),
    ...seen.map((entry) => ({ ...entry, told: `entry ${entry.seq}, as it was seen before,` })),
  ];
  return told.flatMap((entry) => {
    const recordedAtMs = believedMs(entry, claim, evidence);
    return recordedAtMs === null ? [] : [{ ...entry, recordedAtMs }];
  });
}

/**
 * A time after the announcement's own was given by a clock that was ahead, and was corrected before it. Where
 * that correction may be among what is gone, nothing can be told.
 */
function believedMs(
  entry: { seq: number; recordedAtMs: number },
  claim: PruningAnnouncement,
  { corrections, fromSeq }: PruningEvidence,
): number | null {
  if (entry.recordedAtMs <= claim.recordedAtMs) return entry.recordedAtMs;
  const next = corrections.find(({ seq }) => seq > entry.seq && seq < claim.seq);
  if (next !== undefined) return Math.min(entry.recordedAtMs, next.recordedAtMs);
  return entry.seq + 1 >= fromSeq ? entry.recordedAtMs : null;
}

function tooEarly(message: string): Finding {
  return { aspect: "completeness", failure: "INCOMPLETE", code: "pruned_too_early", message };
}
