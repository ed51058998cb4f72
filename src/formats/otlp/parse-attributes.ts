/** `KeyValue` and `AnyValue` of opentelemetry-proto common/v1/common.proto, from JSON. */
import { MalformedMessage } from "./decode-error.ts";
import { listOf, messageOf, textField } from "./parse-json-fields.ts";
import { type Attributes, type AttributeValue, NO_ATTRIBUTES } from "./trace-model.ts";

export function parseAttributes(value: unknown): Attributes {
  const list = listOf(value, "attributes");
  if (list.length === 0) return NO_ATTRIBUTES;
  const attributes = new Map<string, AttributeValue>();
  for (const entry of list) {
    const keyValue = messageOf(entry, "attributes");
    const attribute = parseAnyValue(keyValue["value"]);
    if (attribute !== null) attributes.set(textField(keyValue["key"], "key"), attribute);
  }
  return attributes;
}

/** Null without a value, or with one that is no scalar. */
function parseAnyValue(value: unknown): AttributeValue | null {
  const anyValue = messageOf(value, "value");
  const { stringValue, intValue, boolValue, doubleValue } = anyValue;
  if (isSet(stringValue)) return textField(stringValue, "stringValue");
  if (isSet(intValue)) return parseInt64(intValue);
  if (isSet(doubleValue)) return parseDouble(doubleValue);
  if (!isSet(boolValue)) return null;
  if (typeof boolValue === "boolean") return boolValue;
  throw new MalformedMessage("boolValue must be true or false");
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

function parseInt64(value: unknown): number | bigint {
  const number = typeof value === "string" && /^-?\d{1,19}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number)) {
    throw new MalformedMessage("intValue must be a 64-bit integer");
  }
  if (Number.isSafeInteger(number)) return number;
  const exact = BigInt(value as string | number);
  if (exact < INT64_MIN || exact > INT64_MAX) {
    throw new MalformedMessage("intValue must be a 64-bit integer");
  }
  return exact;
}

/**
 * The protobuf JSON mapping has strings for what JSON has no number for; it takes a number in a string too.
 */
function parseDouble(value: unknown): number {
  if (typeof value === "number") return value;
  if (value === "NaN") return Number.NaN;
  const number = typeof value === "string" && value.trim() === value ? Number(value) : Number.NaN;
  if (value === "" || Number.isNaN(number)) {
    throw new MalformedMessage("doubleValue must be a number");
  }
  return number;
}
