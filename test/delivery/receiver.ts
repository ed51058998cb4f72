/** A receiver of streams in place of the network: keeps what it was sent, answers what it is told to. */
import { gunzipSync } from "node:zlib";
import { vi } from "vitest";

export interface Received {
  url: string;
  headers: Headers;
  body: Uint8Array;
}

export type Answer = (received: Received, index: number) => Response | Promise<Response>;

export interface Receiver {
  received: Received[];
  /** Of all requests that were taken, in order. */
  lines(): string[];
}

/** Until mocks are restored: every request of the Worker's goes there. */
export function receiver(answer: Answer = () => new Response(null, { status: 200 })): Receiver {
  const received: Received[] = [];
  const taken: Received[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init as RequestInit);
    const body = new Uint8Array(await request.arrayBuffer());
    const one = { url: request.url, headers: request.headers, body };
    received.push(one);
    const response = await answer(one, received.length - 1);
    if (response.ok) taken.push(one);
    return response;
  });
  return { received, lines: () => taken.flatMap(({ body }) => linesOf(body)) };
}

export function linesOf(body: Uint8Array): string[] {
  const text = new TextDecoder().decode(body);
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  return text.slice(0, -1).split("\n");
}

export function unzipped({ body, headers }: Received): Uint8Array {
  return headers.get("content-encoding") === "gzip" ? new Uint8Array(gunzipSync(body)) : body;
}
