/** `KeyValue` and `AnyValue` of opentelemetry-proto common/v1/common.proto, from protobuf. */
import type { MessageReader } from "./message-reader.ts";
import { type Attributes, type AttributeValue, NO_ATTRIBUTES } from "./trace-model.ts";

const KEY_VALUE = { key: 0x0a, value: 0x12 } as const;
const ANY_VALUE = { string: 0x0a, bool: 0x10, int: 0x18, double: 0x21 } as const;

/**
 * The attributes with the `KeyValue` that comes next added. A map is made only for the first attribute: a
 * body of 4 MiB has room for a million messages without any.
 */
export function readAttribute(reader: MessageReader, attributes: Attributes): Attributes {
  let key = "";
  let value: AttributeValue | null = null;
  reader.open();
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === KEY_VALUE.key) key = reader.text();
    else if (tag === KEY_VALUE.value) value = readAnyValue(reader);
    else reader.skipField(tag);
  }
  if (value === null) return attributes;
  const map =
    attributes === NO_ATTRIBUTES ? new Map() : (attributes as Map<string, AttributeValue>);
  return map.set(key, value);
}

/** A oneof: of several values the last counts. Null without one, or with one that is no scalar. */
function readAnyValue(reader: MessageReader): AttributeValue | null {
  let value: AttributeValue | null = null;
  reader.open();
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === ANY_VALUE.string) value = reader.text();
    else if (tag === ANY_VALUE.int) value = reader.integer();
    else if (tag === ANY_VALUE.bool) value = reader.bool();
    else if (tag === ANY_VALUE.double) value = reader.double();
    else reader.skipField(tag);
  }
  return value;
}
