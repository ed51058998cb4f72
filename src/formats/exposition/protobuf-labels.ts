/** `LabelPair` messages of prometheus/client_model metrics.proto, in metrics and in exemplars. */
import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { LabelSet } from "./metric-family.ts";

const LABEL_PAIR = { name: 1, value: 2 } as const;

export function writeLabels(writer: BinaryWriter, field: number, labels: LabelSet): void {
  for (const [name, value] of labels.pairs) {
    writer.tag(field, WireType.LengthDelimited).fork();
    writer.tag(LABEL_PAIR.name, WireType.LengthDelimited).string(name);
    writer.tag(LABEL_PAIR.value, WireType.LengthDelimited).string(value);
    writer.join();
  }
}
