/**
 * A JSON body on its way. A client can use nothing of it before its end, so a small one is held until it is whole:
 * what breaks off, is empty or answers something else can still become a JSON-RPC error, which clients tell their
 * users as such; a body that breaks off is an exception of the transport to them. A large one passes as it comes.
 */
import type { AnswerWatch } from "./answer-watch.ts";
import { KeptBody } from "./kept-body.ts";
import type { RelayEnd, RelayTerms } from "./relay-answer.ts";
import { rewrittenText, withTexts } from "./rewrite-text.ts";
import { readMessages, type SeenText } from "./rpc-text.ts";
import { type BodyReading, TimedReader } from "./timed-reader.ts";

/** 1,000 bodies that stall are 64 MB of an isolate's 128; at 100 Mbit/s a body of this size takes 5 ms. */
const HELD_BYTES_MAX = 65_536;

type Controller = ReadableStreamDefaultController<Uint8Array>;

export class JsonRelay {
  readonly #terms: RelayTerms;
  readonly #watch: AnswerWatch;
  readonly #reader: TimedReader;
  readonly #kept: KeptBody;
  readonly #heldBytesMax: number;
  #isHeld = true;
  #isGone = false;
  #silenceMsMax: number;

  constructor(body: ReadableStream<Uint8Array> | null, terms: RelayTerms, watch: AnswerWatch) {
    this.#terms = terms;
    this.#watch = watch;
    this.#reader = new TimedReader(body);
    this.#kept = new KeptBody(terms.eventBytesMax);
    this.#heldBytesMax = terms.rewrite === null ? HELD_BYTES_MAX : terms.eventBytesMax;
    const { firstByteByMs, idleMs } = terms;
    this.#silenceMsMax =
      firstByteByMs === undefined ? idleMs : Math.max(0, firstByteByMs - Date.now());
  }

  async pull(controller: Controller): Promise<void> {
    do {
      const reading = await this.#reader.next(this.#silenceMsMax);
      if (this.#isGone) return;
      this.#silenceMsMax = this.#terms.idleMs;
      if (await this.#take(reading, controller).catch((error) => this.#fail(error))) return;
    } while (this.#isHeld);
  }

  /** Of our own doing: nothing of the body passes. */
  async #fail(error: unknown): Promise<never> {
    this.#watch.end("reset");
    await this.#reader.cancel();
    throw error;
  }

  async cancel(): Promise<void> {
    this.#isGone = true;
    this.#watch.end("client_gone");
    await this.#reader.cancel();
  }

  /** Whether the body is over. */
  async #take(reading: BodyReading, controller: Controller): Promise<boolean> {
    switch (reading.kind) {
      case "bytes":
        return this.#takeBytes(reading.bytes, controller);
      case "end":
        await (this.#isHeld ? this.#passHeld(controller) : this.#judge(controller));
        return true;
      case "silent":
        return this.#breakOff("timeout", controller);
      case "broken":
        return this.#breakOff("reset", controller);
    }
  }

  #takeBytes(bytes: Uint8Array, controller: Controller): boolean {
    this.#kept.push(bytes);
    const { length } = this.#kept;
    if (length > this.#terms.bytesMax) return this.#breakOff("too_large", controller);
    if (!this.#isHeld) controller.enqueue(bytes);
    else if (length > this.#heldBytesMax) return this.#release(controller);
    return false;
  }

  #release(controller: Controller): boolean {
    if (this.#terms.rewrite !== null) return this.#breakOff("too_large", controller);
    this.#isHeld = false;
    for (const chunk of this.#kept.chunks) controller.enqueue(chunk);
    return false;
  }

  async #passHeld(controller: Controller): Promise<void> {
    const seen = await readMessages(this.#kept.text());
    if (this.#isGone) return;
    if (seen === "too_many") {
      this.#breakOff("too_large", controller);
      return;
    }
    const body = seen === null ? null : await this.#rewritten(seen);
    const end: RelayEnd = this.#watch.isAnswered ? "done" : "no_answer";
    if (this.#isGone) return;
    if (end === "no_answer") controller.enqueue(encode(this.#withMissing(seen)));
    else if (body !== null) controller.enqueue(encode(body));
    else for (const chunk of this.#kept.chunks) controller.enqueue(chunk);
    controller.close();
    this.#watch.end(end);
  }

  async #rewritten(seen: SeenText): Promise<string | null> {
    const bytes = this.#kept.length;
    const answers = seen.messages.map((message) => this.#watch.answerOf(message, bytes));
    const body = await rewrittenText(seen, answers, this.#terms.rewrite);
    const told: (string | null)[] = [];
    for (const message of seen.messages) told.push(await this.#watch.see(message, bytes));
    return body ?? withTexts(seen, told);
  }

  /** Of a batch, what came of it and the errors for the rest. */
  #withMissing(seen: SeenText | null): string {
    const missing = this.#watch.missing("no_answer");
    if (this.#terms.pending.length === 1) return missing.join("");
    const texts = seen?.isBatch ? seen.messages.map(({ text }) => text) : [];
    return `[${[...texts, ...missing].join(",")}]`;
  }

  /** A large body, which has passed: what is wrong with it, its client has seen. */
  async #judge(controller: Controller): Promise<void> {
    const { length } = this.#kept;
    for (const message of await this.#kept.messages(this.#watch.due)) {
      await this.#watch.see(message, length);
    }
    if (this.#isGone) return;
    controller.close();
    this.#watch.end(this.#watch.isAnswered ? "done" : "no_answer");
  }

  #breakOff(end: RelayEnd, controller: Controller): true {
    if (this.#isHeld) {
      controller.enqueue(encode(this.#watch.missingBody(end)));
      controller.close();
    } else controller.error(new Error("the upstream's answer broke off"));
    this.#watch.end(end);
    this.#reader.cancel();
    return true;
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
