/** What traces and metrics share in JSON: the protobuf JSON mapping of common.proto and resource.proto. */
import type { AttributeValue, InstrumentationScope } from "./trace-model.ts";
import type { AttributePairs } from "./write-attributes.ts";

const encoder = new TextEncoder();

export function jsonBytes(message: object): Uint8Array {
  return encoder.encode(JSON.stringify(message));
}

export function formatResource(attributes: AttributePairs): object {
  return { attributes: formatAttributes(attributes) };
}

export function formatScope({ name, version }: InstrumentationScope): object {
  return { name, version };
}

export function formatAttributes(attributes: AttributePairs): object[] {
  return Array.from(attributes, ([key, value]) => ({ key, value: formatAnyValue(value) }));
}

/** 64-bit integers are decimal strings. */
function formatAnyValue(value: AttributeValue): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return { intValue: String(value) };
  return { doubleValue: formatDouble(value) };
}

/** JSON has no number for NaN and the infinities: the protobuf JSON mapping has strings for them. */
export function formatDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
