/** A JSON-RPC error with a 4xx, which passes unchanged: it answers all that the request asked. */
import { readAnswer } from "#platform/outgoing/read-answer.ts";
import type { AnswerWatch } from "./answer-watch.ts";
import { messagesIn, readMessages } from "./rpc-text.ts";
import { REFUSAL_BYTES_MAX } from "./upstream-refusal.ts";

export class RefusalRelay {
  readonly #body: ReadableStream<Uint8Array> | null;
  readonly #watch: AnswerWatch;

  constructor(body: ReadableStream<Uint8Array> | null, watch: AnswerWatch) {
    this.#body = body;
    this.#watch = watch;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const bytes = await readAnswer(this.#body, REFUSAL_BYTES_MAX);
    await this.#see(new TextDecoder().decode(bytes), bytes.length);
    this.#watch.end("done");
    if (bytes.length > 0) controller.enqueue(bytes);
    controller.close();
  }

  async cancel(): Promise<void> {
    this.#watch.end("client_gone");
  }

  /** By whichever id, often none: its server may have refused before it looked. */
  async #see(text: string, bytes: number): Promise<void> {
    const [error] = messagesIn(await readMessages(text));
    if (error?.kind !== "error") return;
    for (const { id } of this.#watch.due) this.#watch.see({ ...error, id }, bytes);
  }
}
