/** Why a sample was not taken, by its place in the report. */

import { OUTCOMES } from "./outcome.ts";
import { SampleSchema, sample } from "./sample-schema.ts";

export interface Rejection {
  index: number;
  /** Stable, snake_case. */
  code: string;
  message: string;
}

export function reject(index: number, code: string, message: string): Rejection {
  return { index, code, message };
}

/** The code and the message, where an org keeps no metrics. */
export const STREAM_DISABLED = ["stream_disabled", "the org's metrics stream is disabled"] as const;
/**
 * The code and the message, of a time whose samples were pruned. Retention keeps samples for longer than they
 * are accepted: who is told this has clocks that differ by hours, his own and the service's.
 */
export const PRUNED_TIME = [
  "time_pruned",
  "samples of that time were pruned, and stay refused so that none is counted twice; if the service's " +
    "clock was ahead, the administrator can mend that (POST …/audit/clock)",
] as const;

/** The first thing the schema refuses, named after its field: `duration_ms` → `invalid_duration`. */
export function shapeRejection(value: unknown, index: number): Rejection {
  if (hasTooManyKeys(value)) return reject(index, "unknown_field", "the sample has unknown fields");
  const [, [error]] = sample.Errors(value);
  if (error === undefined) return reject(index, "invalid_sample", "the sample is invalid");
  if (error.keyword === "required") return reject(index, "missing_field", error.message);
  const field = error.instancePath.split("/")[1];
  if (field === undefined) return reject(index, "invalid_sample", error.message);
  if (!Object.hasOwn(SampleSchema.properties, field))
    return reject(index, "unknown_field", `${field.slice(0, 64)} is not a known field`);
  return reject(index, `invalid_${field.replace(/_ms$/, "")}`, `${field} ${expectation(error)}`);
}

/** What the field must be. Of a pattern the validator's message would give only its source. */
function expectation({ keyword, message }: { keyword: string; message: string }): string {
  if (keyword === "pattern") return "holds a character, or has a form, that is not allowed";
  return keyword === "enum" ? `must be one of ${OUTCOMES.join(", ")}` : message;
}

/** Naming each of 100,000 unknown keys would take half a second. */
function hasTooManyKeys(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 100;
}
