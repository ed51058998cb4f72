/**
 * A reader of delimited io.prometheus.client.MetricFamily, independent of the encoder: it names
 * fields by their number and leaves their meaning to the test.
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

type FieldKind = "string" | "double" | "uint" | "sint" | "packedSint" | MessageShape;
/** Field number → name and kind. Every field is read as a list, in order. */
interface MessageShape {
  readonly [field: number]: readonly [name: string, kind: FieldKind];
}
/** Only the fields that a test looks at by name; the others are compared as a whole. */
export interface Message {
  readonly name?: unknown[];
  readonly help?: unknown[];
  readonly type?: unknown[];
  readonly unit?: unknown[];
  readonly metric?: Message[];
  readonly counter?: Message[];
  readonly histogram?: Message[];
  readonly created_timestamp?: unknown[];
  readonly bucket?: unknown[];
  readonly sample_count?: unknown[];
  readonly positive_span?: unknown[];
  readonly positive_delta?: unknown[];
}

const LABEL_PAIR: MessageShape = { 1: ["name", "string"], 2: ["value", "string"] };
const TIMESTAMP: MessageShape = { 1: ["seconds", "uint"], 2: ["nanos", "uint"] };
const EXEMPLAR: MessageShape = {
  1: ["label", LABEL_PAIR],
  2: ["value", "double"],
  3: ["timestamp", TIMESTAMP],
};
const BUCKET: MessageShape = {
  1: ["cumulative_count", "uint"],
  2: ["upper_bound", "double"],
  3: ["exemplar", EXEMPLAR],
};
const BUCKET_SPAN: MessageShape = { 1: ["offset", "sint"], 2: ["length", "uint"] };
const HISTOGRAM: MessageShape = {
  1: ["sample_count", "uint"],
  2: ["sample_sum", "double"],
  3: ["bucket", BUCKET],
  5: ["schema", "sint"],
  6: ["zero_threshold", "double"],
  7: ["zero_count", "uint"],
  12: ["positive_span", BUCKET_SPAN],
  13: ["positive_delta", "packedSint"],
  15: ["created_timestamp", TIMESTAMP],
};
const SCALAR: MessageShape = { 1: ["value", "double"] };
const COUNTER: MessageShape = { ...SCALAR, 3: ["created_timestamp", TIMESTAMP] };
const METRIC: MessageShape = {
  1: ["label", LABEL_PAIR],
  2: ["gauge", SCALAR],
  3: ["counter", COUNTER],
  7: ["histogram", HISTOGRAM],
};
const METRIC_FAMILY: MessageShape = {
  1: ["name", "string"],
  2: ["help", "string"],
  3: ["type", "uint"],
  4: ["metric", METRIC],
  5: ["unit", "string"],
};

export function readMetricFamilies(chunks: Iterable<Uint8Array>): Message[] {
  const bytes = Uint8Array.from([...chunks].flatMap((chunk) => [...chunk]));
  const reader = new BinaryReader(bytes);
  const families: Message[] = [];
  while (reader.pos < reader.len) {
    families.push(readMessage(reader, METRIC_FAMILY));
  }
  return families;
}

function readMessage(reader: BinaryReader, shape: MessageShape): Message {
  const end = reader.uint32() + reader.pos;
  const message: Record<string, unknown[]> = {};
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = shape[number];
    if (field === undefined) throw new Error(`Cannot read field ${number}: not in metrics.proto`);
    const [name, kind] = field;
    message[name] = [...(message[name] ?? []), ...readField(reader, kind, wireType)];
  }
  if (reader.pos !== end) throw new Error(`Cannot read message: it ends at ${end}`);
  return message;
}

function readField(reader: BinaryReader, kind: FieldKind, wireType: WireType): unknown[] {
  if (typeof kind === "object") return [readMessage(reader, kind)];
  const isLengthDelimited = kind === "string" || kind === "packedSint";
  const expected = isLengthDelimited ? WireType.LengthDelimited : WireType.Varint;
  if (wireType !== (kind === "double" ? WireType.Bit64 : expected)) {
    throw new Error(`Cannot read ${kind} from wire type ${wireType}`);
  }
  switch (kind) {
    case "string":
      return [reader.string()];
    case "double":
      return [reader.double()];
    case "uint":
      return [Number(reader.uint64())];
    case "sint":
      return [reader.sint32()];
    case "packedSint": {
      const end = reader.uint32() + reader.pos;
      const values: number[] = [];
      while (reader.pos < end) values.push(Number(reader.sint64()));
      return values;
    }
  }
}
