/** The filters of a list of entries, as query parameters. */

import { AUDIT_OUTCOMES } from "#audit/audit-event-schema.ts";
import type { AuditFilter } from "#audit/entry-filter.ts";
import { integer, oneOf, type Parameter, Refusal, timestamp } from "#http/parameters.ts";
import { logParameter } from "./asked-log.ts";

/**
 * Characters (code points, as schemas count them). No stored value is longer, so that a longer one is
 * refused without asking any index: 256 are reported at most, and NFC makes three of one at most (UAX #15).
 */
const VALUE_LENGTH_MAX = 3 * 256;
/** A target is reported with 1,024 at most. */
const TARGET_LENGTH_MAX = 3 * 1_024;

/** Null for any value; else a text, normalised as the stored values were when they came in. */
function value(description: string, maxLength = VALUE_LENGTH_MAX): Parameter<string | null> {
  return {
    description,
    schema: { type: "string", maxLength },
    absent: null,
    parse: (text) =>
      isLongerThan(text, maxLength) ? new Refusal("is too long") : text.normalize("NFC"),
  };
}

export const ENTRY_PARAMETERS = {
  action: value("Exactly this action"),
  action_prefix: value("Actions that begin so, e.g. `tool.`"),
  actor: value("Exactly this actor"),
  instance: value("Reported by this instance"),
  outcome: oneOf("With this outcome", AUDIT_OUTCOMES),
  request_id: value("Of this request"),
  trace_id: value("Of this trace"),
  invocation_id: value("Of this tool call"),
  target: value("Exactly this target, e.g. `tool://github/list_repos`", TARGET_LENGTH_MAX),
  workspace: value("Of this workspace"),
  from: timestamp("Occurred (else recorded) at or after this time"),
  to: timestamp("Occurred (else recorded) before this time"),
  from_seq: integer("From this entry on", {
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    what: "a leaf index",
  }),
  log: logParameter,
} as const;

type EntryQuery = {
  readonly [Name in keyof typeof ENTRY_PARAMETERS]: (typeof ENTRY_PARAMETERS)[Name]["absent"];
};

export function entryFilter(query: EntryQuery): AuditFilter {
  return {
    action: query.action,
    actionPrefix: query.action_prefix || null,
    actor: query.actor,
    instance: query.instance,
    outcome: query.outcome ?? null,
    requestId: query.request_id,
    traceId: query.trace_id?.toLowerCase() ?? null,
    invocationId: query.invocation_id?.toLowerCase() ?? null,
    target: query.target,
    workspace: query.workspace,
    fromSeq: query.from_seq ?? null,
    from: query.from ?? null,
    to: query.to ?? null,
  };
}

/** A code point has one or two UTF-16 units: most texts need no counting. */
function isLongerThan(text: string, characters: number): boolean {
  if (text.length <= characters) return false;
  return text.length > 2 * characters || [...text].length > characters;
}
