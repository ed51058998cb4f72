/** What a state remembers of the entries that were read, a line each. */
import type { PromisedRange, SeenEntries, SeenTime } from "#formats/ledger/seen-entries.ts";
import { parseTimestampMs } from "#formats/rfc3339.ts";
import { parseDecimal } from "#formats/tlog/decimal.ts";

export interface SeenJson {
  readonly minimum_index: number;
  /** `<seq> <days>`: entries from there to the next line are promised so many days. */
  readonly retention: readonly string[];
  /** `<seq> <recorded_at>`, of some entries. */
  readonly times: readonly string[];
}

export function seenJson({ fromSeq, promises, times }: SeenEntries): SeenJson {
  return {
    minimum_index: fromSeq,
    retention: promises.map((range) => `${range.fromSeq} ${range.days}`),
    times: times.map(({ seq, recordedAt }) => `${seq} ${recordedAt}`),
  };
}

/** Null where nothing is remembered, of a state of an earlier version. */
export function parseSeen(json: Partial<SeenJson>, size: number): SeenEntries | null | "malformed" {
  const { minimum_index: fromSeq, retention, times } = json;
  if (fromSeq === undefined && retention === undefined && times === undefined) return null;
  if (!Number.isSafeInteger(fromSeq) || !isTexts(retention) || !isTexts(times)) return "malformed";
  const promises = retention.flatMap((line) => parsePromise(line) ?? []);
  const seen = times.flatMap((line) => parseTime(line) ?? []);
  const areRead = promises.length === retention.length && seen.length === times.length;
  const isOfLog = seen.every(({ seq }) => seq < size);
  return areRead && isOfLog ? { fromSeq: fromSeq ?? 0, promises, times: seen } : "malformed";
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function parsePromise(line: string): PromisedRange | null {
  const [fromSeq = null, days = null, ...rest] = line.split(" ").map(parseDecimal);
  return fromSeq === null || days === null || rest.length > 0 ? null : { fromSeq, days };
}

function parseTime(line: string): SeenTime | null {
  const [seq = "", recordedAt = "", ...rest] = line.split(" ");
  const at = parseDecimal(seq);
  if (at === null || rest.length > 0 || parseTimestampMs(recordedAt) === undefined) return null;
  return { seq: at, recordedAt };
}
