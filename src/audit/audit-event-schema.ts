/**
 * The one description of a report of audit events: it validates requests and is the OpenAPI schema.
 * Compiled when the module loads, as in src/calls/sample-schema.ts.
 */
import * as Type from "typebox";
import { Compile } from "typebox/schema";
import { PRINTABLE_TEXT, STORABLE_TEXT } from "#platform/text-patterns.ts";
import { TIMESTAMP } from "#platform/timestamp-schema.ts";

/** As many as one transaction of the ledger takes in about 15 ms. */
export const REPORT_EVENTS_MAX = 256;

export const AUDIT_OUTCOMES = ["allowed", "denied", "deferred", "error"] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

export const ACTION_PATTERN = "^[a-z][a-z0-9_-]*(\\.[a-z0-9_-]+)*$";
export const ACTION_LENGTH_MAX = 128;
/** More do not fit: a canonical event has 65,535 bytes, and a detail eight at least (`"a":"",`). */
const DETAILS_MAX = 8_192;
const ACTION_DESCRIPTION =
  "What happened. Under `tool.call.`, `resource.read.` and `prompt.get.` the last part is allowed or " +
  "allowed_with_obligations (outcome allowed), denied or access_denied (denied), challenged (deferred), " +
  "completed (allowed or error) or unknown (error); `tool.call.permit`, `.deny` and `.with_obligations` " +
  "are taken and recorded as allowed, denied and allowed_with_obligations. `operator.*` and `ledger.*` " +
  "are this service's own. Other actions are free.";
const DETAIL_KEY = "^[a-z][a-z0-9_.-]{0,63}$";
const UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";

const nullable = (schema: object) =>
  Type.Optional(Type.Unsafe<string | null>({ type: ["string", "null"], ...schema }));
const text = (maxLength: number) => ({ minLength: 1, maxLength, pattern: PRINTABLE_TEXT });

export type DetailValue = string | boolean | null;

const EventSchema = Type.Object(
  {
    event_id: nullable({ pattern: UUID, description: "Makes a resend recognisable" }),
    occurred_at: Type.Optional(
      Type.Unsafe<string | number | null>({ ...TIMESTAMP, type: ["string", "integer", "null"] }),
    ),
    actor: Type.String(text(256)),
    action: Type.String({
      maxLength: ACTION_LENGTH_MAX,
      pattern: ACTION_PATTERN,
      description: ACTION_DESCRIPTION,
    }),
    outcome: Type.Enum([...AUDIT_OUTCOMES]),
    target: nullable(text(1_024)),
    workspace: nullable(text(128)),
    request_id: nullable(text(256)),
    trace_id: nullable({ pattern: "^[0-9a-fA-F]{32}$" }),
    invocation_id: nullable({ pattern: UUID }),
    details: Type.Optional(
      Type.Unsafe<Record<string, DetailValue> | null>({
        type: ["object", "null"],
        maxProperties: DETAILS_MAX,
        propertyNames: { pattern: DETAIL_KEY },
        additionalProperties: { type: ["string", "boolean", "null"], pattern: STORABLE_TEXT },
        description: "Names that begin with `mcpg.` are this service's own (400 `reserved_detail`)",
      }),
    ),
  },
  { additionalProperties: false, title: "ReportedEvent" },
);

export type ReportedEvent = Type.Static<typeof EventSchema>;

const reportOf = <Event extends Type.TSchema>(event: Event) =>
  Type.Object(
    {
      instance_id: Type.String(text(128)),
      events: Type.Array(event, { minItems: 1, maxItems: REPORT_EVENTS_MAX }),
    },
    { additionalProperties: false, title: "EventReport" },
  );

export const auditReport = Compile(reportOf(EventSchema));
/** The same in parts: 320,000 details take 0.1 s to be checked. */
export const reportEnvelope = Compile(reportOf(Type.Unknown()));
export const reportedEvent = Compile(EventSchema);

/** What it takes to be checked: half a microsecond a detail. */
export function checkCostUs(event: unknown): number {
  const { details } = (event ?? {}) as { details?: unknown };
  const isObject = typeof details === "object" && details !== null;
  return 10 + (isObject ? Object.keys(details).length / 2 : 0);
}
