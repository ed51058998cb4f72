/**
 * What is kept of a body while it passes: all of it, up to a limit, to be parsed at its end. Of a larger one only
 * its ends, by which it is judged cheaply: it is a result (no error is that large), of which `isError` shows where
 * SDKs write it, before or after the content.
 */
import type { PendingRequest } from "./relay-answer.ts";
import { readMessages, type SeenMessage } from "./rpc-text.ts";

const END_BYTES = 1_024;

export class KeptBody {
  readonly #bytesMax: number;
  #chunks: Uint8Array[] | null = [];
  #head = new Uint8Array(0);
  #tail = new Uint8Array(0);
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#length;
  }

  /** Empty once the limit is passed. */
  get chunks(): readonly Uint8Array[] {
    return this.#chunks ?? [];
  }

  push(chunk: Uint8Array): void {
    this.#length += chunk.length;
    if (this.#head.length < END_BYTES) this.#head = joined(this.#head, chunk).slice(0, END_BYTES);
    if (this.#length <= this.#bytesMax) this.#chunks?.push(chunk);
    else this.#chunks = null;
    this.#tail = joined(this.#tail, chunk.subarray(-END_BYTES)).slice(-END_BYTES);
  }

  text(): string {
    const decoder = new TextDecoder();
    const parts = this.chunks.map((chunk) => decoder.decode(chunk, { stream: true }));
    return parts.join("") + decoder.decode();
  }

  /** Of a body whose end came. */
  messages(due: readonly PendingRequest[]): readonly SeenMessage[] {
    if (this.#chunks !== null) return readMessages(this.text())?.messages ?? [];
    const ends = [this.#head, this.#tail].map((bytes) => new TextDecoder().decode(bytes));
    const isError = ends.some((text) => /"isError"\s*:\s*true/.test(text));
    const result = isError ? { isError } : {};
    return due.map(({ id }) => ({ kind: "result", id, result, text: "" }));
  }
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
