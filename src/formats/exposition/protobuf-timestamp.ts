/** `google.protobuf.Timestamp`, in exemplars and for when a point was created. */
import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

const TIMESTAMP = { seconds: 1, nanos: 2 } as const;

/** Seconds as 32 bits are the same on the wire until 2106, without the library's detour over BigInt. */
export function writeTimestamp(writer: BinaryWriter, field: number, timestampMs: number): void {
  const seconds = Math.floor(timestampMs / 1e3);
  const nanos = Math.round((timestampMs - seconds * 1e3) * 1e6);
  writer.tag(field, WireType.LengthDelimited).fork();
  writer.tag(TIMESTAMP.seconds, WireType.Varint);
  if (seconds === seconds >>> 0) writer.uint32(seconds);
  else writer.int64(seconds);
  writer.tag(TIMESTAMP.nanos, WireType.Varint).int32(nanos).join();
}
