/**
 * Between the exporters and the Worker: what networks do to a batch. Some are delivered twice at once, some
 * delivered and the exporter told that they were not, so that it sends them again itself.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Runtime } from "../../harness/runtime.ts";

const DOUBLED_EVERY = 3;
const DISOWNED_EVERY = 5;

interface Batch {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

export class ResendingProxy {
  readonly batches: Batch[] = [];
  readonly statuses = new Map<number, number>();
  doubled = 0;
  disowned = 0;
  readonly #runtime: Runtime;
  readonly #server: Server;

  private constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#server = createServer((request, response) => void this.#forward(request, response));
  }

  static async start(runtime: Runtime): Promise<ResendingProxy> {
    const proxy = new ResendingProxy(runtime);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const {
      "content-type": type = "",
      "content-encoding": encoding,
      authorization,
    } = request.headers;
    const batch = {
      path: request.url ?? "",
      headers: {
        "content-type": type,
        ...(encoding !== undefined && { "content-encoding": encoding }),
        ...(authorization !== undefined && { authorization }),
      },
      body: Buffer.concat(chunks),
    };
    const number = this.batches.push(batch);
    if (number % DOUBLED_EVERY === 0) {
      this.doubled += 1;
      void this.send(batch);
    }
    const { status, headers, body } = await this.send(batch);
    if (number % DISOWNED_EVERY === 0) {
      this.disowned += 1;
      response.writeHead(503, { "retry-after": "1" }).end();
      return;
    }
    response.writeHead(status, { "content-type": headers["content-type"] ?? "" }).end(body);
  }

  async send({ path, headers, body }: Batch) {
    const answer = await this.#runtime.send("POST", path, { headers, body });
    this.statuses.set(answer.status, (this.statuses.get(answer.status) ?? 0) + 1);
    return answer;
  }

  /** Every batch once more, newest first. */
  async resendAll(): Promise<void> {
    for (const batch of this.batches.toReversed()) await this.send(batch);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
