/**
 * A request's body, read with a limit: the bytes are counted as they come, and once more as they are
 * decompressed, so that what a bomb costs goes by `bytesMax`, whatever it would unpack to.
 */

import { concatBytes } from "#formats/concat-bytes.ts";
import { type JsonReading, jsonSteps, readJson } from "#formats/read-json.ts";
import { fail } from "#platform/errors.ts";
import { nextTurn } from "#platform/slices.ts";
import { compressionOf, decompress } from "./content-coding.ts";

/**
 * Told of the bytes of a body as they are read, those too that are thrown away, and of those that are more once
 * they are decompressed.
 */
export type OnBytes = (bytes: number) => void;

interface BodyLimit {
  /** Before decompression and after: what is too large as it was sent is refused without being decompressed. */
  bytesMax: number;
  onBytes: OnBytes;
}

/** JSON text. 415 for another type, charset or encoding, 413 when too large, 400 when damaged. */
export async function readBody(request: Request, limit: BodyLimit): Promise<string> {
  if (!isJson(request.headers.get("content-type"))) {
    fail({ kind: "unsupported_media_type", supported: "application/json in UTF-8" });
  }
  return decodeUtf8(await readBytes(request, limit));
}

/**
 * No report has more values than one in eight bytes, and a body of nothing but `[` has eight: what they take
 * in memory, and how deep they are nested, is bounded before any is made.
 */
const BYTES_A_VALUE = 8;

/** Parsed within milliseconds. */
const SHORT_CHARACTERS = 262_144;

const REFUSALS: Record<Extract<JsonReading, { refusal: string }>["refusal"], string> = {
  // The engine's message quotes the body, so it stays where it is.
  not_json: "The body is not JSON.",
  named_twice: "The body names a member of an object twice.",
  too_many: "The body has too many values: more than one in eight of the bytes that it may have.",
};

/**
 * The value is `unknown` on purpose: what it is, a schema decides (validate.ts). 400 for what is not JSON, or
 * names a member twice: what is stored, hashed or granted is what every reader of the body reads.
 */
export async function parseJsonBody(request: Request, limit: BodyLimit): Promise<unknown> {
  const text = await readBody(request, limit);
  const reading = await readInSteps(text, limit.bytesMax / BYTES_A_VALUE);
  if ("value" in reading) return reading.value;
  return fail({ kind: "malformed_body", detail: REFUSALS[reading.refusal] });
}

/** The longest take 100 ms to be parsed, and whoever asked for the value goes through all of it. */
async function readInSteps(text: string, valuesMax: number): Promise<JsonReading> {
  if (text.length <= SHORT_CHARACTERS) return readJson(text, valuesMax);
  const steps = jsonSteps(text, valuesMax);
  for (;;) {
    const { value, done } = steps.next();
    await nextTurn();
    if (done) return value;
  }
}

/**
 * A body of any media type, with `Content-Encoding` gzip or zstd (or identity) undone: at most `bytesMax` bytes.
 * It is read whole before it is decompressed, so that whoever sent what is damaged reads why.
 */
export async function readBytes(request: Request, limit: BodyLimit): Promise<Uint8Array> {
  const { bytesMax } = limit;
  const compression = compressionOf(request.headers.get("content-encoding"));
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) {
    await drain(request.body, limit);
    fail({ kind: "body_too_large", bytesMax });
  }
  if (request.body === null) return new Uint8Array(0);
  const sent = await readStream(request.body, limit);
  if (compression === null) return sent;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of decompress(sent, compression, bytesMax)) {
    chunks.push(chunk);
    limit.onBytes(bytesBeyond(sent.length, length, chunk.length));
    length += chunk.length;
    if (length > bytesMax) fail({ kind: "body_too_large", bytesMax });
  }
  return concatBytes(chunks);
}

/** How many of `more` bytes that follow `before` ones lie beyond `told`. */
function bytesBeyond(told: number, before: number, more: number): number {
  return Math.max(0, Math.min(more, before + more - told));
}

/**
 * A connection that is closed while its sender still writes breaks before the sender has read why.
 * So a body that is too large is read on and thrown away, up to this many times the limit.
 */
const DRAIN_BODIES_MAX = 4;

async function drain(
  body: ReadableStream<Uint8Array> | null,
  { bytesMax, onBytes }: BodyLimit,
): Promise<void> {
  if (body === null) return;
  const reader = body.getReader({ mode: "byob" });
  for (let drained = 0; drained < DRAIN_BODIES_MAX * bytesMax; ) {
    const { value, done } = await reader.readAtLeast(CHUNK_BYTES, new Uint8Array(CHUNK_BYTES));
    if (done || value === undefined) return;
    onBytes(value.byteLength);
    drained += value.byteLength;
  }
  // Not awaited: the answer does not depend on how the sender takes it.
  reader.cancel().catch(() => undefined);
}

/** 64 KiB a read: workerd's default reader hands out 4 KiB, which takes three times as long. */
const CHUNK_BYTES = 65_536;

async function readStream(stream: ReadableStream<Uint8Array>, limit: BodyLimit) {
  const { bytesMax, onBytes } = limit;
  const reader = stream.getReader({ mode: "byob" });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { value, done } = await reader.readAtLeast(CHUNK_BYTES, new Uint8Array(CHUNK_BYTES));
    if (value !== undefined) chunks.push(value);
    length += value?.byteLength ?? 0;
    onBytes(value?.byteLength ?? 0);
    if (length > bytesMax) break;
    if (done || value === undefined) return concatBytes(chunks);
  }
  reader.releaseLock();
  await drain(stream, limit);
  return fail({ kind: "body_too_large", bytesMax });
}

/** Bytes that are not UTF-8 are refused: replacing bad ones by U+FFFD would store names that nobody sent. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return fail({ kind: "malformed_body", detail: "The body is not UTF-8." });
  }
}

function isJson(contentType: string | null): boolean {
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  if (!/^application\/([a-z0-9!#$&^_.-]+\+)?json$/.test(type.trim())) return false;
  return parameters
    .map((parameter) => parameter.trim())
    .every((parameter) => !parameter.startsWith("charset=") || isUtf8(parameter));
}

function isUtf8(charset: string): boolean {
  return /^charset="?utf-?8"?$/.test(charset);
}
