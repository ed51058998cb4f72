/** HTTP to a Worker on this machine, as its administrator. */
import { createWriteStream } from "node:fs";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { devNull } from "node:os";
import { pipeline } from "node:stream/promises";

export const ADMIN_TOKEN = "harness-administrator-token-0123456789";
/** An answer that takes longer is a failure of the Worker, whatever the machine. */
const ANSWER_MS_MAX = 60_000;

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Sent {
  /** A string or bytes go as they are, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Without the administrator's token, or any. */
  isAnonymous?: boolean;
  /** Without a content length, so that only reading tells how much there is. */
  isChunked?: boolean;
}

export interface ClientOptions {
  /** At the same time. */
  connections: number;
  /**
   * Sends again what met a connection that idled too long. Not where the Worker is killed: there a
   * connection breaks under a request that may have been carried out.
   */
  isResending: boolean;
}

export class HttpClient {
  /** Without a path. */
  readonly url: string;
  readonly #isResending: boolean;
  readonly #agent: Agent;

  constructor(url: string, { connections, isResending }: ClientOptions) {
    this.url = new URL(url).origin;
    this.#isResending = isResending;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Rejects when there is no whole answer. */
  async send(method: string, path: string, sent: Sent = {}): Promise<Answer> {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    try {
      const response = await this.#request(method, path, sent, signal);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const { statusCode: status = 0, headers } = response;
      return { status, headers, body: Buffer.concat(chunks) };
    } catch (error) {
      if (signal.aborted) throw new Error(`no answer in time: ${method} ${path}`);
      throw error;
    }
  }

  /** The text of an answer that is none of a failure. */
  async text(method: string, path: string, body?: unknown): Promise<string> {
    const answer = await this.send(method, path, { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.body.toString();
  }

  async json<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    return JSON.parse(await this.text(method, path, body)) as Body;
  }

  /** The number of bytes, kept in a file if any: a body may be larger than memory. */
  async download(path: string, file: string = devNull): Promise<number> {
    const response = await this.#request("GET", path, {});
    if (response.statusCode !== 200) throw new Error(`GET ${path}: ${response.statusCode}`);
    const sink = createWriteStream(file);
    await pipeline(response, sink);
    return sink.bytesWritten;
  }

  async makeOrg(org: string): Promise<void> {
    await this.json("POST", "/v1/orgs", { org, tier: "enterprise" });
  }

  /** Runs the Worker's cron handler once, to its end, as scheduled for that time. */
  async tick(timeMs = Date.now()): Promise<void> {
    const path = `/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time=${timeMs}`;
    const { status, body } = await this.send("GET", path);
    if (status !== 200) throw new Error(`the tick failed: ${status} ${body}`);
  }

  disconnect(): void {
    this.#agent.destroy();
  }

  #request(
    method: string,
    path: string,
    sent: Sent,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const body = encoded(sent.body);
    const { hostname, port } = new URL(this.url);
    const options = {
      method,
      path,
      hostname,
      port,
      agent: this.#agent,
      headers: headersOf(sent, body),
      ...(signal !== undefined && { signal }),
    };
    return new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request(options, resolve);
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        // The runtime closes a connection after 5 idle seconds, perhaps just as it is used again.
        const isStale = outgoing.reusedSocket && error.code === "ECONNRESET";
        if (!isStale || !this.#isResending) return reject(error);
        this.#request(method, path, sent, signal).then(resolve, reject);
      });
      outgoing.end(body);
    });
  }
}

function encoded(body: unknown): string | Uint8Array {
  if (body === undefined) return "";
  return typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
}

function headersOf(
  { body: given, headers, isAnonymous = false, isChunked = false }: Sent,
  body: string | Uint8Array,
): Record<string, string | number> {
  return {
    ...(!isAnonymous && { authorization: `Bearer ${ADMIN_TOKEN}` }),
    ...(given !== undefined && { "content-type": "application/json" }),
    ...(!isChunked && { "content-length": Buffer.byteLength(body) }),
    ...headers,
  };
}

/** Whether a request that failed had reached a Worker, and may have been carried out. */
export function wasUnderWay(error: Error): boolean {
  return !("code" in error && error.code === "ECONNREFUSED");
}
