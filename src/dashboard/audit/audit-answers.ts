/** What the API answers of an audit log: `GET …/audit`, `…/audit/status`, `…/audit/keys`. */
import type { CanonicalObject } from "#formats/canonical-json.ts";

export interface ListedEntry {
  readonly seq: number;
  readonly hash: string;
  readonly previous_hash: string;
  readonly event: CanonicalObject;
}

export interface EntryListAnswer {
  readonly events: readonly ListedEntry[];
  readonly next_cursor: string | null;
}

export interface LogStatusAnswer {
  readonly origin: string;
  readonly log: number;
  readonly tree_size: number;
  readonly head: { readonly seq: number; readonly hash: string } | null;
  readonly checkpoint: { readonly size: number; readonly signed_at: string } | null;
  readonly unsigned_entries: number;
  readonly unsigned_since: string | null;
  readonly minimum_index: number;
  readonly frozen: boolean;
  readonly frozen_reason: string | null;
  readonly frozen_at: string | null;
  readonly successor: number | null;
  readonly misconfigured: string | null;
  readonly holds: number;
  readonly recorded_ahead_until: string | null;
  readonly retention: { readonly days: number };
  readonly scrub: {
    readonly last_full_pass: { readonly completed_at: string; readonly size: number } | null;
    readonly pass_under_way: { readonly position: number; readonly size: number } | null;
  };
}

export interface KeyListAnswer {
  readonly keys: readonly {
    readonly vkey: string;
    readonly from_size: number;
    readonly to_size: number | null;
  }[];
}

/** Of an event a member that is text, else null. */
export function memberText(event: CanonicalObject, name: string): string | null {
  const value = event[name];
  return typeof value === "string" ? value : null;
}

/** When it occurred, else was recorded: by that a list is searched. */
export function entryTime(event: CanonicalObject): string | null {
  return memberText(event, "occurred_at") ?? memberText(event, "recorded_at");
}
