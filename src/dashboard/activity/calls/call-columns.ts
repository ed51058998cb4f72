/** The columns of a table of calls: which are shown is in the address, in its order. */
import type { CallAnswer } from "#dashboard/api/call-answer.ts";

export interface CallColumn {
  readonly name: keyof CallAnswer;
  readonly title: string;
  readonly isNumber?: boolean;
}

export const CALL_COLUMNS: readonly CallColumn[] = [
  { name: "started_at", title: "Started" },
  { name: "tool", title: "Tool" },
  { name: "plugin", title: "Plugin" },
  { name: "workspace", title: "Workspace" },
  { name: "outcome", title: "Outcome" },
  { name: "duration_ms", title: "Duration", isNumber: true },
  { name: "error_code", title: "Error code" },
  { name: "error_fingerprint", title: "Error group" },
  { name: "error_hash", title: "Error hash" },
  { name: "actor", title: "Actor" },
  { name: "instance_id", title: "Instance" },
  { name: "session_id", title: "Session" },
  { name: "request_id", title: "Request" },
  { name: "trace_id", title: "Trace" },
  { name: "span_id", title: "Span" },
  { name: "parent_span_id", title: "Parent span" },
  { name: "request_bytes", title: "Request bytes", isNumber: true },
  { name: "response_bytes", title: "Response bytes", isNumber: true },
  { name: "ingested_at", title: "Arrived" },
  { name: "lag_ms", title: "Lag", isNumber: true },
  { name: "id", title: "Id" },
];

const USUAL = "started_at,tool,plugin,outcome,duration_ms,error_code,actor,instance_id".split(",");

/** Unknown names of a link from another version are passed over; of none that is known, the usual ones. */
export function parseColumns(text: string | undefined): CallColumn[] {
  const names = text === undefined ? USUAL : text.split(",");
  const chosen = [...new Set(names)].flatMap(
    (name) => CALL_COLUMNS.find((column) => column.name === name) ?? [],
  );
  return chosen.length === 0 ? parseColumns(undefined) : chosen;
}

/** Null for the usual ones, which an address need not say. */
export function formatColumns(columns: readonly CallColumn[]): string | null {
  const text = columns.map(({ name }) => name).join(",");
  return text === USUAL.join(",") ? null : text;
}

export interface PageSort {
  readonly name: keyof CallAnswer;
  readonly isDescending: boolean;
}

/** `-duration_ms`: longest first. */
export function parseSort(text: string | undefined): PageSort | null {
  const [, sign, name] = /^(-?)(\w+)$/.exec(text ?? "") ?? [];
  const column = CALL_COLUMNS.find((one) => one.name === name);
  return column === undefined ? null : { name: column.name, isDescending: sign === "-" };
}

export function formatSort({ name, isDescending }: PageSort): string {
  return `${isDescending ? "-" : ""}${name}`;
}

/** What is not there comes last, whichever way it is sorted; equals keep their order. */
export function sortCalls(calls: readonly CallAnswer[], sort: PageSort | null): CallAnswer[] {
  if (sort === null) return [...calls];
  const sign = sort.isDescending ? -1 : 1;
  return calls.toSorted((a, b) => {
    const [left, right] = [a[sort.name], b[sort.name]];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (left === right) return 0;
    return left < right ? -sign : sign;
  });
}
