/** What the Worker sends to: a receiver of spans, and an MCP server whose answers are marked. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

export interface Heard {
  readonly path: string;
  readonly headers: Record<string, unknown>;
  readonly body: Buffer;
}

export class MarkedServer {
  readonly heard: Heard[] = [];
  readonly #server: Server;

  constructor(answer: (heard: Heard) => string) {
    this.#server = createServer(async (request, response) => {
      const heard = await heardOf(request);
      this.heard.push(heard);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(answer(heard));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** All that came in, headers left out: there the mark of a header belongs. */
  bodies(): Buffer {
    return Buffer.concat(this.heard.map(({ body }) => body));
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function heardOf(request: IncomingMessage): Promise<Heard> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const isGzip = request.headers["content-encoding"] === "gzip";
  const { url: path = "", headers } = request;
  return { path, headers, body: isGzip ? gunzipSync(body) : body };
}
