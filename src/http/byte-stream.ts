import { Readable } from "node:stream";
import { createGzip } from "node:zlib";

/** A body that is made as it is read. */
export function byteStream(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      const { value, done } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

/**
 * Level 1 of node:zlib, because CompressionStream has no level and its default takes three times as
 * long: 90 ms against 280 ms for 27 MB of exposition, for 8 % fewer bytes.
 */
export function gzipStream(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const compressed = Readable.from(chunks).pipe(createGzip({ level: 1 }));
  return Readable.toWeb(compressed) as unknown as ReadableStream<Uint8Array>;
}
