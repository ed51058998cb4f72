/** What the audit page asks, from its address: the parameters are the API's own, so that a link is a question. */

import { formatQuery } from "#dashboard/place/address.ts";
import { rangeOf, resolve } from "#dashboard/place/time-range.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";

/** In the order in which they are shown. */
export const AUDIT_FILTERS = [
  ...(["action", "action_prefix", "actor", "outcome", "target", "workspace"] as const),
  ...(["instance", "request_id", "trace_id", "invocation_id", "from_seq"] as const),
] as const;

export type AuditFilterName = (typeof AUDIT_FILTERS)[number];

export const AUDIT_PAGE_ROWS = 100;

/** Newest first unless `order` says otherwise. */
export function isAscending(query: ReadonlyMap<string, string>): boolean {
  return query.get("order") === "asc";
}

/** Null is the org's current log. */
export function askedLogOf(query: ReadonlyMap<string, string>): number | null {
  const text = query.get("log") ?? "";
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : null;
}

/** The times that are asked for; null where the whole log is. */
export function auditBounds(
  query: ReadonlyMap<string, string>,
  nowMs: number,
): { fromMs: number | null; toMs: number | null } {
  const hasTime = ["last", "from", "to"].some((name) => query.has(name));
  if (!hasTime) return { fromMs: null, toMs: null };
  const { fromMs, toMs } = resolve(rangeOf(query), nowMs);
  // A range without an end lasts: its list has what is recorded while it is read.
  const isOpen = query.get("to") === undefined;
  return { fromMs, toMs: isOpen ? null : toMs };
}

export function auditSearchPath(
  org: string,
  query: ReadonlyMap<string, string>,
  nowMs: number,
): string {
  const asked = new Map<string, string>();
  for (const name of [...AUDIT_FILTERS, "log", "cursor"]) {
    const value = query.get(name);
    if (value !== undefined && value !== "") asked.set(name, value);
  }
  const { fromMs, toMs } = auditBounds(query, nowMs);
  if (fromMs !== null) asked.set("from", formatTimestamp(fromMs));
  if (toMs !== null) asked.set("to", formatTimestamp(toMs));
  if (isAscending(query)) asked.set("order", "asc");
  asked.set("limit", String(AUDIT_PAGE_ROWS));
  return `${auditRoot(org)}${formatQuery(asked)}`;
}

export function auditRoot(org: string): string {
  return `/v1/orgs/${encodeURIComponent(org)}/audit`;
}

/** `log/12` or `log-2/12`; null for what is no entry's address. */
export function parseEntryId(id: string): { log: number; seq: number } | null {
  const [, log = "1", seq = ""] =
    /^log(?:-([2-9]|[1-9]\d{1,5}))?\/(0|[1-9]\d{0,15})$/.exec(id) ?? [];
  const number = Number(seq);
  return seq === "" || !Number.isSafeInteger(number) ? null : { log: Number(log), seq: number };
}

export function entryIdOf(log: number, seq: number): string {
  return `${log === 1 ? "log" : `log-${log}`}/${seq}`;
}
