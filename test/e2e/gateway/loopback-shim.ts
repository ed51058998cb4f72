/**
 * A door on this machine that adds a token: the conformance suite has no way to send one. Host, Origin and
 * all else stay as they came; streams go through as they come, and end with whoever leaves first.
 */
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";

export class LoopbackShim {
  readonly #server: Server;

  private constructor(target: URL, token: string) {
    this.#server = createServer((incoming, response) => forward(target, token, incoming, response));
  }

  static async start(target: string, token: string): Promise<LoopbackShim> {
    const shim = new LoopbackShim(new URL(target), token);
    await new Promise<void>((resolve) => shim.#server.listen(0, "127.0.0.1", resolve));
    return shim;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function forward(target: URL, token: string, incoming: IncomingMessage, response: ServerResponse) {
  const { method, headers } = incoming;
  const outgoing = request({
    hostname: target.hostname,
    port: target.port,
    path: target.pathname,
    method,
    headers: { ...headers, authorization: `Bearer ${token}` },
  });
  outgoing.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    pipeline(answer, response, () => undefined);
  });
  outgoing.on("error", () => response.destroy());
  response.on("close", () => outgoing.destroy());
  pipeline(incoming, outgoing, () => undefined);
}
