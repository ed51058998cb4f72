/** Calls as rows of `tool_invocations`, for `jsonb_each`: json_each renders each row to text, to be parsed again for every column (1.6 times the time). */
import type { Call } from "#calls/call.ts";

type Value = string | number | null;
type RowValues = readonly Value[];

const SAMPLE_COLUMNS = [
  ...["id", "workspace", "plugin", "tool", "started_at_ms", "duration_us", "outcome", "actor"],
  ...["trace_id", "span_id", "session_id", "request_id", "request_bytes", "response_bytes"],
  ...["error_code", "error_hash", "error_fingerprint", "parent_span_id", "payload_row"],
];
const SPAN_COLUMNS = [...SAMPLE_COLUMNS, "instance", "is_caller", "ingested_at_ms"];

/**
 * Of the columns those that a row has something in, for SQLite seeks each in each row's JSON: of a usual report's
 * samples 12 of 19, which takes 10 % of ingest's processor time less.
 */
export interface TableRows {
  /** For a list of columns. */
  columns: string;
  /** The same of the row that `s.value` is, for a SELECT. */
  values: string;
  /** A JSON array each. */
  rows: string[];
}

/** `payloadRow`: where the call's payload is kept, or null. */
export function rowsOfSamples(
  calls: readonly Call[],
  payloadRow: (call: Call) => string | null,
): TableRows {
  return tableRows(
    SAMPLE_COLUMNS,
    calls.map((call) => sampleValues(call, payloadRow(call))),
  );
}

/** Of calls that were spans: those of many instances at once, and with what pairs them. */
export function rowsOfSpans(
  calls: readonly Call[],
  payloadRow: (call: Call) => string | null,
): TableRows {
  const rowOf = (call: Call) => {
    const { instance, side, receivedAtMs } = call.span!;
    const isCaller = side === "server" ? 0 : 1;
    return [...sampleValues(call, payloadRow(call)), instance, isCaller, receivedAtMs];
  };
  return tableRows(SPAN_COLUMNS, calls.map(rowOf));
}

function tableRows(columns: readonly string[], rows: readonly RowValues[]): TableRows {
  const used = columns.map((_, at) => at).filter((at) => rows.some((row) => row[at] !== null));
  return {
    columns: used.map((at) => columns[at]).join(", "),
    values: used.map((_, at) => `json_extract(s.value, '$[${at}]')`).join(", "),
    rows: rows.map((row) => JSON.stringify(used.map((at) => row[at]))),
  };
}

function sampleValues(call: Call, payloadRow: string | null): Value[] {
  return [
    call.id,
    call.workspace,
    call.plugin,
    call.tool,
    call.startedAtMs,
    call.durationUs,
    call.outcome,
    call.actor,
    call.traceId,
    call.spanId,
    call.sessionId,
    call.requestId,
    call.requestBytes,
    call.responseBytes,
    call.errorCode,
    call.errorHash,
    call.errorFingerprint,
    call.parentSpanId,
    payloadRow,
  ];
}
