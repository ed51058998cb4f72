/** A collector that fails in every way that one can, and keeps account of what it took. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeTraces, isDecodeError } from "#formats/otlp/decode-traces.ts";
import type { Span } from "#formats/otlp/trace-model.ts";

export const FAULTS = ["429", "503", "hang", "reset", "garbage", "refusal", "none"] as const;
export type Fault = (typeof FAULTS)[number];

export class CollectorServer {
  readonly #server: Server;
  /** Of the next request. */
  fault: () => Fault = () => "none";
  readonly requests: Record<Fault, number> = {
    "429": 0,
    "503": 0,
    hang: 0,
    reset: 0,
    garbage: 0,
    refusal: 0,
    none: 0,
  };
  /** By span id: one that comes twice counts once. */
  readonly arrived = new Set<string>();
  /** As the exporter itself said, by instance. */
  readonly told = new Map<string, number>();
  /** Names and parents of what came last. */
  recent: Span[] = [];
  /** Headers that no export may have. */
  contextHeaders = 0;
  undecodable = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<CollectorServer> {
    const server = createServer((request, response) => void collector.#answer(request, response));
    const collector = new CollectorServer(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return collector;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    if (request.headers["traceparent"] !== undefined) this.contextHeaders += 1;
    const fault = this.fault();
    this.requests[fault] += 1;
    switch (fault) {
      case "hang":
        return;
      case "reset":
        request.socket.destroy();
        return;
      case "429":
      case "503":
        response.writeHead(Number(fault), { "retry-after": "1" }).end("later");
        return;
      case "refusal":
        response.writeHead(400).end("no");
        return;
      case "garbage":
        this.#take(Buffer.concat(chunks));
        response.writeHead(200, { "content-type": "text/html" }).end("\u0000<html>".repeat(20_000));
        return;
      case "none":
        this.#take(Buffer.concat(chunks));
        response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    }
  }

  #take(body: Buffer): void {
    const traces = decodeTraces(body, "protobuf");
    if (isDecodeError(traces)) {
      this.undecodable += 1;
      return;
    }
    for (const { resource, scopeSpans } of traces) {
      const instance = String(resource.get("service.instance.id"));
      this.recent = scopeSpans.flatMap(({ spans }) => spans);
      for (const span of this.recent) this.#takeSpan(instance, span);
    }
  }

  #takeSpan(instance: string, { name, spanId, attributes }: Span): void {
    if (name !== "spans dropped") {
      this.arrived.add(spanId);
      return;
    }
    const total = Number(attributes.get("mcpg.export.dropped_spans"));
    this.told.set(instance, Math.max(total, this.told.get(instance) ?? 0));
  }
}
