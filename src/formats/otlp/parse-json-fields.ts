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

/** A uint32, or an enum: OTLP takes no enum names. */
export function uint32Of(value: unknown, field: string): number {
  if (value === undefined || value === null) return 0;
  const number = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && number === number >>> 0) return number;
  throw new MalformedMessage(`${field} must be a 32-bit integer`);
}
