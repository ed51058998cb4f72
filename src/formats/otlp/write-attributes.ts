/** What traces and metrics share in protobuf: common/v1/common.proto and resource/v1/resource.proto. */
import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { AttributeValue, InstrumentationScope } from "./trace-model.ts";

/** A map, or a list of pairs: series keep their labels as pairs. */
export type AttributePairs = Iterable<readonly [key: string, value: AttributeValue]>;

const RESOURCE = { attributes: 1 } as const;
const SCOPE = { name: 1, version: 2 } as const;
const KEY_VALUE = { key: 1, value: 2 } as const;
const ANY_VALUE = { string: 1, bool: 2, int: 3, double: 4 } as const;

export function writeResource(writer: BinaryWriter, field: number, attributes: AttributePairs) {
  openMessage(writer, field);
  writeAttributes(writer, RESOURCE.attributes, attributes);
  writer.join();
}

export function writeScope(writer: BinaryWriter, field: number, scope: InstrumentationScope): void {
  openMessage(writer, field);
  writeText(writer, SCOPE.name, scope.name);
  writeText(writer, SCOPE.version, scope.version);
  writer.join();
}

export function writeAttributes(writer: BinaryWriter, field: number, attributes: AttributePairs) {
  for (const [key, value] of attributes) {
    openMessage(writer, field);
    writeText(writer, KEY_VALUE.key, key);
    openMessage(writer, KEY_VALUE.value);
    writeAnyValue(writer, value);
    writer.join().join();
  }
}

/** A oneof, so that its defaults are written out: false and "" are values. */
function writeAnyValue(writer: BinaryWriter, value: AttributeValue): void {
  if (typeof value === "string") {
    writer.tag(ANY_VALUE.string, WireType.LengthDelimited).string(value);
  } else if (typeof value === "boolean") {
    writer.tag(ANY_VALUE.bool, WireType.Varint).bool(value);
  } else if (typeof value === "bigint" || Number.isSafeInteger(value)) {
    writer.tag(ANY_VALUE.int, WireType.Varint).int64(value);
  } else {
    writer.tag(ANY_VALUE.double, WireType.Bit64).double(value);
  }
}

/** Leaves the message open: the caller writes its fields and joins. */
export function openMessage(writer: BinaryWriter, field: number): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).fork();
}

/** proto3 leaves out what has its default value. */
export function writeText(writer: BinaryWriter, field: number, text: string): void {
  if (text !== "") writer.tag(field, WireType.LengthDelimited).string(text);
}
