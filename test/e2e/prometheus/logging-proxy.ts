/** Stands between a Prometheus and the Worker: sees what is asked and answered, and may change what is asked. */
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

export interface Scrape {
  accept: string;
  status: number;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  cacheControl: string | undefined;
}

export class LoggingProxy {
  readonly scrapes: Scrape[] = [];
  readonly #server: Server;

  private constructor(upstream: string, accept: string | undefined) {
    this.#server = createServer((asked, answer) => this.#forward(upstream, accept, asked, answer));
  }

  /** `accept` replaces the scraper's own header. */
  static async start(upstream: string, accept?: string): Promise<LoggingProxy> {
    const proxy = new LoggingProxy(upstream, accept);
    // A suite that dies before it stops the proxy ends all the same.
    proxy.#server.unref();
    await new Promise<void>((listening) => proxy.#server.listen(0, "127.0.0.1", listening));
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #forward(
    upstream: string,
    accept: string | undefined,
    asked: IncomingMessage,
    answer: ServerResponse,
  ): void {
    const headers = { ...asked.headers, ...(accept === undefined ? {} : { accept }) };
    const { href } = new URL(asked.url ?? "/", upstream);
    const forwarded = request(href, { method: asked.method ?? "GET", headers }, (response) => {
      this.#log(asked, response);
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    forwarded.on("error", () => answer.destroy());
    asked.pipe(forwarded);
  }

  #log(asked: IncomingMessage, { statusCode, headers }: IncomingMessage): void {
    this.scrapes.push({
      accept: asked.headers.accept ?? "",
      status: statusCode ?? 0,
      contentType: headers["content-type"],
      contentEncoding: headers["content-encoding"],
      cacheControl: headers["cache-control"],
    });
  }
}
