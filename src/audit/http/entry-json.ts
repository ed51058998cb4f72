import * as Type from "typebox";
import type { LogEntry } from "#audit/audit-log.ts";

export const EntrySchema = Type.Object(
  {
    seq: Type.Integer({ description: "Leaf index, from 0" }),
    hash: Type.String({ description: "SHA-256 of the event's canonical JSON, hex" }),
    previous_hash: Type.String(),
    event: Type.Object({}, { additionalProperties: true, description: "As it was hashed" }),
  },
  { title: "Entry" },
);

/** The event is put in as the text that was hashed. */
export function entryJson({ seq, hash, previousHash, body }: LogEntry): string {
  return `{"seq":${seq},"hash":"${hash}","previous_hash":"${previousHash}","event":${body}}`;
}
