import * as Type from "typebox";
import type { AuditEvent } from "#audit/audit-event.ts";
import { AUDIT_OUTCOMES } from "#audit/audit-event-schema.ts";
import type { LogEntry } from "#audit/audit-log.ts";

const textOrNull = Type.Union([Type.String(), Type.Null()]);
const timeOrNull = Type.Union([Type.String({ format: "date-time" }), Type.Null()]);

const EventAsHashedSchema = Type.Object(
  {
    action: Type.String(),
    actor: Type.String(),
    details: Type.Unsafe<AuditEvent["details"]>({
      type: ["object", "null"],
      additionalProperties: { type: ["string", "boolean", "null"] },
      description:
        "As reported. `mcpg.token_id` is added by this service: the id of the token that the event " +
        "came by, where the token has an `actor` of its own, which `recorded_by` then shows",
    }),
    event_id: Type.String({ format: "uuid" }),
    instance_id: textOrNull,
    invocation_id: textOrNull,
    occurred_at: timeOrNull,
    org: Type.String(),
    outcome: Type.Enum([...AUDIT_OUTCOMES]),
    previous_hash: Type.String({ description: "Of the entry before; 64 zeros in the first" }),
    recorded_at: Type.String({ format: "date-time" }),
    recorded_by: Type.String({
      description:
        "The token's `actor`, else `service:<token id>`; `operator:admin` is the administrator",
    }),
    request_id: textOrNull,
    target: textOrNull,
    trace_id: textOrNull,
    workspace: textOrNull,
  },
  { title: "EventAsHashed" },
);

export const EntrySchema = Type.Object(
  {
    seq: Type.Integer({ description: "Leaf index, from 0" }),
    hash: Type.String({ description: "SHA-256 of the event's canonical JSON, hex" }),
    previous_hash: Type.String(),
    event: EventAsHashedSchema,
  },
  { title: "Entry" },
);

/** The event is put in as the text that was hashed. */
export function entryJson({ seq, hash, previousHash, body }: LogEntry): string {
  return `{"seq":${seq},"hash":"${hash}","previous_hash":"${previousHash}","event":${body}}`;
}
