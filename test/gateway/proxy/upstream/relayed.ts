/** An upstream as it is written in a test, and what a client makes of the answer that is relayed. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import {
  type RelayEnd,
  type RelayTerms,
  type RpcAnswer,
  type RpcOther,
  relayAnswer,
} from "#gateway/proxy/upstream/relay-answer.ts";

export const EVENTS = { "content-type": "text/event-stream" };
export const JSON_TYPE = { "content-type": "application/json" };

/** What an upstream does in turn: sends, breaks, or says nothing more for ever. */
export type Deed = string | Uint8Array | "BREAK" | "HANG";

export interface Upstream {
  response: Response;
  /** Chunks that were taken from it. */
  reads: number;
  wasCancelled: boolean;
}

export function upstreamOf(
  deeds: Iterable<Deed>,
  headers: Record<string, string> = EVENTS,
  status = 200,
): Upstream {
  const upstream: Upstream = { response: new Response(null), reads: 0, wasCancelled: false };
  const turns = deeds[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value: deed, done } = turns.next();
        if (done) return controller.close();
        if (deed === "HANG") return new Promise(() => {});
        if (deed === "BREAK") throw new Error("Network connection lost.");
        upstream.reads++;
        controller.enqueue(typeof deed === "string" ? new TextEncoder().encode(deed) : deed);
      },
      cancel() {
        upstream.wasCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  upstream.response = new Response(body, { status, headers });
  return upstream;
}

export interface Relayed {
  response: Response;
  messages: (RpcAnswer | RpcOther)[];
  ends: RelayEnd[];
}

/** Waiting for one request, of id 1, unless said otherwise. */
export function relay({ response }: Upstream, terms: Partial<RelayTerms> = {}): Relayed {
  const relayed: Relayed = { response, messages: [], ends: [] };
  relayed.response = relayAnswer(response, {
    pending: [{ id: 1, idText: "1" }],
    isResumable: false,
    version: "2026-07-28",
    rewrite: null,
    onMessage: async (message) => {
      relayed.messages.push(message);
      return null;
    },
    missing: (_, idText, end) => errorText(idText, end),
    onEnd: (end) => relayed.ends.push(end),
    idleMs: 5_000,
    bytesMax: 10_000_000,
    eventBytesMax: 1_000_000,
    ...terms,
  });
  return relayed;
}

export function errorText(idText: string, end: RelayEnd): string {
  return `{"jsonrpc":"2.0","id":${idText},"error":{"code":-31006,"message":"${end}"}}`;
}

export function resultText(id: string | number, result: object = { content: [] }): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

export const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}';

export function event(data: string): string {
  return `event: message\ndata: ${data}\n\n`;
}

/** The data of the events that a client sees. */
export async function clientEvents(response: Response): Promise<string[]> {
  const data: string[] = [];
  const events = response.body
    ?.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const one of events ?? []) data.push(one.data);
  return data;
}
