import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { nextTurn } from "#platform/slices.ts";

/** A body that is made as it is read. An empty chunk ends a turn: more comes, and takes long to be made. */
export function byteStream(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = inTurns(chunks);
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await iterator.next();
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
  const compressed = Readable.from(inTurns(chunks)).pipe(createGzip({ level: 1 }));
  return Readable.toWeb(compressed) as unknown as ReadableStream<Uint8Array>;
}

/** About 10 ms of an exposition's text, made and sent: a reader who is fast would else have it all in one go. */
const TURN_BYTES = 2_000_000;

async function* inTurns(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for (const chunk of chunks) {
    if (chunk.length > 0) yield chunk;
    bytes += chunk.length;
    if (chunk.length > 0 && bytes < TURN_BYTES) continue;
    bytes = 0;
    await nextTurn();
  }
}
