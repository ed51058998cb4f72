/** A receiver that fails in every way a network has, and remembers what it was given. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface Batch {
  path: string;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

/** `lost`: taken, and the answer never arrives. `stuck`: 200, and a body that never ends. */
export const FAULTS = [
  "429",
  "503",
  "500",
  "hang",
  "reset",
  "lost",
  "garbage",
  "redirect",
  "cut",
  "flood",
  "stuck",
] as const;
export type Fault = (typeof FAULTS)[number];

export class Sink {
  /** Those that it took, in order of arrival. */
  readonly taken: Batch[] = [];
  /** Requests to where a redirect pointed: there must be none. */
  followed = 0;
  readonly faults = new Map<Fault, number>();
  /** What to do with the next request; null: take it. */
  next: () => Fault | null = () => null;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#receive(request, response).catch(() => response.destroy());
    });
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<Sink> {
    const sink = new Sink();
    await new Promise<void>((resolve) => sink.#server.listen(0, "127.0.0.1", resolve));
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    if (path.startsWith("/followed")) this.followed += 1;
    const fault = this.next();
    if (fault !== null) this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    if (fault === "reset") return void request.socket.resetAndDestroy();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const batch = { path, headers: request.headers, body: Buffer.concat(chunks) };
    if (fault === null || fault === "lost" || fault === "stuck" || fault === "flood") {
      this.taken.push(batch);
    }
    this.#answer(response, fault);
  }

  #answer(response: ServerResponse, fault: Fault | null): void {
    const socket = response.socket;
    switch (fault) {
      case null:
        return void response.writeHead(200).end();
      case "429":
        return void response.writeHead(429, { "retry-after": "1" }).end("slow down");
      case "503":
        return void response.writeHead(503, { "retry-after": "30" }).end();
      case "500":
        return void response.writeHead(500).end("x".repeat(100_000));
      case "redirect":
        return void response.writeHead(307, { location: "/followed" }).end();
      case "garbage":
        socket?.end("SSH-2.0-OpenSSH_9.2\r\n\r\n\0\0\0");
        return;
      case "cut":
        socket?.end("HTTP/1.1 200 OK\r\ncontent-le");
        return;
      case "lost":
        return void socket?.resetAndDestroy();
      case "flood":
        return void response.writeHead(200).end(Buffer.alloc(5_000_000, 120));
      case "stuck":
        return void response.writeHead(200, { "content-length": "9" }).write("x");
      case "hang":
        return;
    }
  }
}
