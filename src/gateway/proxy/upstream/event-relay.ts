/** An event stream on its way: each event whole and at once, comments too, and what is missing at its end. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { concatBytes } from "#formats/concat-bytes.ts";
import { eraOf } from "#gateway/proxy/message/protocol-version.ts";
import type { AnswerWatch } from "./answer-watch.ts";
import { EventBlocks } from "./event-blocks.ts";
import type { RelayEnd, RelayTerms } from "./relay-answer.ts";
import { rewrittenText, withTexts } from "./rewrite-text.ts";
import { messagesIn, readMessages } from "./rpc-text.ts";
import { TimedReader } from "./timed-reader.ts";

/**
 * Without a byte of the upstream's for so long, the client gets a comment. workerd sees that a client has closed
 * its connection only when it writes (measured: with a silent upstream never, with this within the interval), and
 * a modern client closes it to cancel.
 */
const KEEP_ALIVE_MS = 2_000;
/**
 * After the last answer: nothing is due any more, in any version (a server SHOULD end the stream). The client has
 * its answer; an upstream that ends it by itself leaves its connection for the next request.
 */
const GRACE_MS = 250;

const KEEP_ALIVE = new TextEncoder().encode(":\n\n");
const NOTHING: readonly Uint8Array[] = [];

interface Passing {
  readonly chunks: readonly Uint8Array[];
  readonly isOver: boolean;
}

const GONE: Passing = { chunks: NOTHING, isOver: true };

export class EventRelay {
  readonly #terms: RelayTerms;
  readonly #watch: AnswerWatch;
  readonly #reader: TimedReader;
  readonly #blocks = new EventBlocks();
  readonly #parser = createParser({
    onEvent: (event) => {
      this.#event = event;
    },
    onId: (id) => {
      this.#canResume ||= id !== "";
    },
  });
  #event: EventSourceMessage | null = null;
  /** A client goes on from the last id it saw. */
  #canResume = false;
  #bytes = 0;
  #silentMs = 0;
  #silenceMsMax: number;
  #overAtMs: number | null = null;
  #isGone = false;

  constructor(body: ReadableStream<Uint8Array> | null, terms: RelayTerms, watch: AnswerWatch) {
    this.#terms = terms;
    this.#watch = watch;
    this.#reader = new TimedReader(body);
    const { firstByteByMs, idleMs } = terms;
    this.#silenceMsMax =
      firstByteByMs === undefined ? idleMs : Math.max(0, firstByteByMs - Date.now());
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (;;) {
      const { chunks, isOver } = await this.#next().catch((error) => this.#fail(error));
      if (this.#isGone) return;
      for (const chunk of chunks) controller.enqueue(chunk);
      if (isOver) controller.close();
      if (isOver || chunks.length > 0) return;
    }
  }

  /** The client is gone. What it had all answers of is done. */
  async cancel(): Promise<void> {
    this.#isGone = true;
    this.#watch.end(this.#watch.isAnswered ? "done" : "client_gone");
    await this.#reader.cancel();
  }

  /** Of our own doing: what was not passed yet does not pass. */
  async #fail(error: unknown): Promise<never> {
    this.#watch.end("reset");
    await this.#reader.cancel();
    throw error;
  }

  async #next(): Promise<Passing> {
    const waitMs = this.#waitMs();
    const reading = await this.#reader.next(waitMs);
    // After its end nothing more is told of a relay.
    if (this.#isGone) return GONE;
    switch (reading.kind) {
      case "silent":
        return this.#keepAlive(waitMs);
      case "bytes":
        return this.#take(reading.bytes);
      case "end":
        return this.#finish("no_answer");
      case "broken":
        return this.#finish("reset");
    }
  }

  #waitMs(): number {
    if (this.#overAtMs !== null) return Math.max(0, this.#overAtMs - Date.now());
    return Math.min(KEEP_ALIVE_MS, this.#silenceMsMax - this.#silentMs);
  }

  async #keepAlive(waitedMs: number): Promise<Passing> {
    if (this.#overAtMs !== null) return this.#finish("done");
    this.#silentMs += waitedMs;
    if (this.#silentMs >= this.#silenceMsMax) return this.#finish("timeout");
    return { chunks: [KEEP_ALIVE], isOver: false };
  }

  async #take(bytes: Uint8Array): Promise<Passing> {
    this.#silentMs = 0;
    this.#silenceMsMax = this.#terms.idleMs;
    this.#bytes += bytes.length;
    const chunks: Uint8Array[] = [];
    for (const block of this.#blocks.push(bytes)) {
      if (block.length > this.#terms.eventBytesMax) return this.#finish("too_large", chunks);
      const passing = await this.#pass(block);
      if (passing === null) return this.#finish("too_large", chunks);
      appendView(chunks, passing);
    }
    const isTooLarge =
      this.#bytes > this.#terms.bytesMax || this.#blocks.openBytes > this.#terms.eventBytesMax;
    if (isTooLarge) return this.#finish("too_large", chunks);
    if (this.#watch.isAnswered) this.#overAtMs ??= Date.now() + GRACE_MS;
    const isOver = this.#overAtMs !== null && Date.now() >= this.#overAtMs;
    return isOver ? this.#finish("done", chunks) : { chunks, isOver: false };
  }

  /** Null where it has more values than there is room for: what cannot be judged does not pass. */
  async #pass(block: Uint8Array): Promise<Uint8Array | null> {
    const text = decode(block);
    const event = this.#parse(text);
    const seen = event === null ? null : await readMessages(event.data);
    if (seen === null) return block;
    if (seen === "too_many") return null;
    const { length } = block;
    const answers = seen.messages.map((message) => this.#watch.answerOf(message, length));
    const rewritten = await rewrittenText(seen, answers, this.#terms.rewrite);
    const told: (string | null)[] = [];
    for (const message of seen.messages) told.push(await this.#watch.see(message, length));
    const passed = rewritten ?? withTexts(seen, told);
    return passed === null ? block : encode(withData(text, passed));
  }

  /** Of type `message`: what clients take as JSON-RPC. */
  #parse(text: string): EventSourceMessage | null {
    this.#event = null;
    this.#parser.feed(text);
    const event = this.#event as EventSourceMessage | null;
    const isMessage = event !== null && (event.event ?? "message") === "message";
    return isMessage && event.data !== "" ? event : null;
  }

  /** `cause` is what ended the stream; if all came before, that is no matter. */
  async #finish(cause: RelayEnd, passed: readonly Uint8Array[] = NOTHING): Promise<Passing> {
    const chunks = [...passed];
    if (cause === "no_answer" || cause === "reset") chunks.push(...(await this.#passRest()));
    const end = this.#endOf(cause);
    if (end !== "detached") chunks.push(...this.#watch.missing(end).map(eventOf));
    this.#watch.end(end);
    this.#reader.cancel();
    return { chunks, isOver: true };
  }

  #endOf(cause: RelayEnd): RelayEnd {
    const { due, isAnswered } = this.#watch;
    if (isAnswered) return "done";
    if (cause !== "no_answer") return cause;
    if (due.length === 0) return "done";
    return this.#canResume && this.#isResumable() ? "detached" : "no_answer";
  }

  /** Modern streams never are, event ids or not (2026-07-28, Receiving Messages). */
  #isResumable(): boolean {
    return this.#terms.isResumable && eraOf(this.#terms.version) === "legacy";
  }

  /** An answer that is whole, but for the blank line, is one; a part of anything is left out. */
  async #passRest(): Promise<readonly Uint8Array[]> {
    const rest = this.#blocks.rest();
    if (rest.length === 0) return NOTHING;
    const whole = concatBytes([rest, encode("\n\n")]);
    const couldResume = this.#canResume;
    const event = this.#parse(decode(whole));
    const seen = event === null ? null : await readMessages(event.data);
    const passing = messagesIn(seen).length > 0 ? await this.#pass(whole) : null;
    if (passing !== null) return [passing];
    this.#canResume = couldResume;
    return NOTHING;
  }
}

/** A block ends where a character does, so that it can be decoded by itself. */
function decode(block: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true, fatal: false }).decode(block);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function eventOf(text: string): Uint8Array {
  return encode(`event: message\n${dataLines(text)}\n`);
}

function dataLines(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return lines.join("");
}

/** The block with other data: its id, type, retry and comments stay. */
function withData(block: string, text: string): string {
  const kept = block.split(/\r\n|\r|\n/).filter((line) => line !== "" && !/^data(:|$)/.test(line));
  return `${kept.map((line) => `${line}\n`).join("")}${dataLines(text)}\n`;
}

/** Blocks that lie beside each other in their chunk pass as one. */
function appendView(views: Uint8Array[], view: Uint8Array): void {
  const last = views.at(-1);
  const isBeside =
    last !== undefined &&
    last.buffer === view.buffer &&
    last.byteOffset + last.length === view.byteOffset;
  if (!isBeside) views.push(view);
  else
    views[views.length - 1] = new Uint8Array(
      last.buffer,
      last.byteOffset,
      last.length + view.length,
    );
}
