/**
 * Fields of the protobuf JSON mapping (https://protobuf.dev/programming-guides/json/): absent and null are
 * the field's default, anything else has the field's type or the message is refused.
 */
import { MalformedMessage } from "./decode-error.ts";

export type JsonObject = { readonly [name: string]: unknown };

const NO_FIELDS: JsonObject = {};

export function messageOf(value: unknown, field: string): JsonObject {
  if (value === undefined || value === null) return NO_FIELDS;
  if (typeof value === "object" && !Array.isArray(value)) return value as JsonObject;
  throw new MalformedMessage(`${field} must be an object`);
}

export function listOf(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new MalformedMessage(`${field} must be an array`);
}

export function textField(value: unknown, field: string): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  throw new MalformedMessage(`${field} must be a string`);
}

/**
 * An enum: OTLP writes its number, the protobuf JSON mapping its name, and senders that print messages by a
 * protobuf library send names. Neither reading is in doubt, so both are taken.
 */
export function enumOf(
  value: unknown,
  field: string,
  prefix: string,
  numbers: Readonly<Record<string, number>>,
): number {
  if (typeof value !== "string" || !value.startsWith(prefix)) return uint32Of(value, field);
  const name = value.slice(prefix.length).toLowerCase();
  if (Object.hasOwn(numbers, name) && value === value.toUpperCase()) return numbers[name]!;
  throw new MalformedMessage(`${field} has no such name`);
}

/** A uint32. */
export function uint32Of(value: unknown, field: string): number {
  if (value === undefined || value === null) return 0;
  const number = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && number === number >>> 0) return number;
  throw new MalformedMessage(`${field} must be a 32-bit integer`);
}
