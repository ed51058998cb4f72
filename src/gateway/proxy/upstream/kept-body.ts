/**
 * What is kept of a body while it passes: all of it, up to a limit, to be parsed at its end. Of a larger one only
 * its ends, by which it is judged cheaply: it is a result (no error is that large), of which `isError` shows where
 * SDKs write it, before or after the content.
 */
import { concatBytes } from "#formats/concat-bytes.ts";
import type { PendingRequest } from "./relay-answer.ts";
import { messagesIn, readMessages, type SeenMessage } from "./rpc-text.ts";

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
    if (this.#head.length < END_BYTES)
      this.#head = concatBytes([this.#head, chunk]).slice(0, END_BYTES);
    if (this.#length > this.#bytesMax) this.#keepTail(chunk);
    else this.#chunks?.push(chunk);
  }

  #keepTail(chunk: Uint8Array): void {
    const last = this.#chunks?.at(-1) ?? this.#tail;
    this.#chunks = null;
    this.#tail = concatBytes([last, chunk]).slice(-END_BYTES);
  }

  text(): string {
    return new TextDecoder().decode(concatBytes(this.chunks));
  }

  /** Of a body whose end came. */
  async messages(due: readonly PendingRequest[]): Promise<readonly SeenMessage[]> {
    const whole = this.#chunks === null ? null : this.text();
    const seen = whole === null ? "too_many" : await readMessages(whole);
    if (seen !== "too_many") return messagesIn(seen);
    const tail = concatBytes([this.#tail, ...this.chunks.slice(-1)]).slice(-END_BYTES);
    const ends = [this.#head, tail].map((bytes) => new TextDecoder().decode(bytes));
    const isError = ends.some((text) => /"isError"\s*:\s*true/.test(text));
    const result = isError ? { isError } : {};
    return due.map(({ id }) => ({ kind: "result", id, result, text: "" }));
  }
}
