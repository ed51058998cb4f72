/**
 * Content codings undone (RFC 9110 §8.4.1): gzip of any number of members (RFC 1952 §2.2), zstd of any number of
 * frames (RFC 8878 §3). Piece by piece, so that a reader may stop, and in turns, so that others need not wait.
 */
import { Readable, type Transform } from "node:stream";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { fail } from "#platform/errors.ts";
import { nextTurn } from "#platform/slices.ts";
import { ZSTD_WINDOW_LOG_MAX, zstdFrames } from "./zstd-frames.ts";

export type Compression = "gzip" | "zstd";

/** Null where there is none. Fails with 415 for another coding, and for several, one over the other. */
export function compressionOf(contentEncoding: string | null): Compression | null {
  switch ((contentEncoding ?? "").trim().toLowerCase()) {
    case "":
    case "identity":
      return null;
    case "gzip":
    case "x-gzip":
      return "gzip";
    case "zstd":
      return "zstd";
    default:
      return fail({ kind: "unsupported_content_encoding" });
  }
}

/** What goes through the decoder at once, on either side of it. */
const CHUNK_BYTES = 65_536;
/** A turn takes 5 ms of content at 10 µs a KB. Of what is compressed, which may have a table in each 20 bytes, a chunk. */
const TURN_CONTENT_BYTES = 524_288;
/** A zstd frame takes as long as 1 KiB of content, though there be nothing in it. */
const FRAME_BYTES = 1_024;

/**
 * The content. Fails with 400 where the data are damaged, cut short, or followed by something else, and with 413
 * where they say that they are too large.
 */
export function decompress(
  data: Uint8Array,
  compression: Compression,
  contentBytesMax: number,
): AsyncGenerator<Uint8Array> {
  return compression === "gzip" ? gunzip(data) : unzstd(data, contentBytesMax);
}

const GZIP_FAULTS: Record<string, string> = {
  "unexpected end of file": "are cut short",
  "incorrect header check": "have something else than a member, at their start or after a member",
  "incorrect data check": "have a wrong checksum",
  "incorrect length check": "have a wrong length",
};

async function* gunzip(data: Uint8Array): AsyncGenerator<Uint8Array> {
  const decoder = createGunzip({ chunkSize: CHUNK_BYTES });
  try {
    yield* through(decoder, [data]);
  } catch (error) {
    refuse("gzip", GZIP_FAULTS[(error as Error).message] ?? "are damaged");
  }
  // Zeros after the last member are padding, as for gzip(1). At the first the decoder ends and reads no further.
  const isPadding = data.subarray(decoder.bytesWritten).every((byte) => byte === 0);
  if (!isPadding) refuse("gzip", "go on after zeros that follow a member");
}

async function* unzstd(data: Uint8Array, contentBytesMax: number): AsyncGenerator<Uint8Array> {
  const frames = zstdFrames(data, contentBytesMax);
  const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX };
  const decoder = createZstdDecompress({ chunkSize: CHUNK_BYTES, params });
  try {
    yield* through(decoder, frames);
  } catch {
    refuse("zstd", "are damaged");
  }
  const frameBytes = frames.reduce((sum, frame) => sum + frame.length, 0);
  if (decoder.bytesWritten !== frameBytes) refuse("zstd", "are damaged");
}

async function* through(
  decoder: Transform,
  parts: Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let turnBytes = 0;
  for await (const piece of Readable.from(inTurns(parts)).pipe(decoder)) {
    const { buffer, byteOffset, length } = piece as Buffer<ArrayBuffer>;
    yield new Uint8Array(buffer, byteOffset, length);
    turnBytes += length;
    if (turnBytes < TURN_CONTENT_BYTES) continue;
    await nextTurn();
    turnBytes = 0;
  }
}

async function* inTurns(parts: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let turnBytes = 0;
  for (const chunk of chunksOf(parts)) {
    if (turnBytes >= CHUNK_BYTES) {
      await nextTurn();
      turnBytes = 0;
    }
    yield chunk;
    turnBytes += Math.max(chunk.length, FRAME_BYTES);
  }
}

function* chunksOf(parts: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const part of parts) {
    for (let start = 0; start < part.length; start += CHUNK_BYTES) {
      yield part.subarray(start, start + CHUNK_BYTES);
    }
  }
}

function refuse(compression: Compression, what: string): never {
  return fail({ kind: "malformed_body", detail: `The ${compression} data ${what}.` });
}
