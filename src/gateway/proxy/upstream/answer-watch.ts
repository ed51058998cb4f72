/** What a relay knows of the answers that are due: which came, which are missing, and whether it has ended. */
import type { RequestId } from "#gateway/proxy/message/judge-body.ts";
import type { PendingRequest, RelayEnd, RelayTerms, RpcAnswer } from "./relay-answer.ts";
import type { SeenMessage } from "./rpc-text.ts";

export class AnswerWatch {
  readonly #terms: RelayTerms;
  /** By type and text: the ids "1" and 1 are two requests (mcp.md §3, 16). */
  readonly #due: Map<string, PendingRequest>;
  readonly #hadDue: boolean;
  #isEnded = false;

  constructor(terms: RelayTerms) {
    this.#terms = terms;
    this.#due = new Map(terms.pending.map((request) => [keyOf(request.id), request]));
    this.#hadDue = terms.pending.length > 0;
  }

  /** Whether something was due, and all of it came. */
  get isAnswered(): boolean {
    return this.#hadDue && this.#due.size === 0;
  }

  /** Null of what is no answer, or of nobody's request. */
  answerOf(message: SeenMessage, bytes: number): RpcAnswer | null {
    if (message.kind === "other" || message.id === null) return null;
    const { id, text } = message;
    const result = message.kind === "result" ? message.result : null;
    const error = message.kind === "error" ? message.error : null;
    return { id, result, error, text, bytes, isDue: this.#due.has(keyOf(id)) };
  }

  /** What is seen of an answer is due no more. Resolves to the text that passes in place of one that is none. */
  async see(message: SeenMessage, bytes: number): Promise<string | null> {
    if (message.kind === "other") {
      const { method, id, params, text } = message;
      return this.#terms.onMessage({ method, id, params, text, bytes });
    }
    const answer = this.answerOf(message, bytes);
    if (answer === null) return null;
    this.#due.delete(keyOf(answer.id));
    await this.#terms.onMessage(answer);
    return null;
  }

  get due(): readonly PendingRequest[] {
    return [...this.#due.values()];
  }

  /** The errors for what is due, which then is due no more. */
  missing(end: RelayEnd): string[] {
    const texts = this.due.map(({ id, idText }) => this.#terms.missing(id, idText, end));
    this.#due.clear();
    return texts;
  }

  /** As the body of an answer in JSON: of one request an object. */
  missingBody(end: RelayEnd): string {
    const texts = this.missing(end);
    return this.#terms.pending.length === 1 ? texts.join("") : `[${texts.join(",")}]`;
  }

  end(end: RelayEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#terms.onEnd(end);
  }
}

function keyOf(id: RequestId): string {
  return `${typeof id}:${id}`;
}
