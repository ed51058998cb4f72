/** The Worker in a workerd that can be killed at any moment, and comes back on the same databases. */
import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { ADMIN_TOKEN, Runtime } from "../../harness/runtime.ts";

/** Ingest, scrapes and ticks at once; workerd takes them as they come. */
const CONNECTIONS = 24;
/** An answer that takes longer is a failure of the Worker, whatever the machine. */
const ANSWER_MS_MAX = 60_000;
const READY_MS_MAX = 60_000;
const READY_POLL_MS = 20;

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Sent {
  body?: string | Buffer;
  headers?: Record<string, string>;
  /** Without a content length, so that only reading tells how much there is. */
  isChunked?: boolean;
}

export class KillableRuntime {
  readonly #runtime: Runtime;
  readonly #children: ChildProcess[];
  readonly #stopWatching: () => void;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  kills = 0;

  private constructor(runtime: Runtime, children: ChildProcess[], stopWatching: () => void) {
    this.#runtime = runtime;
    this.#children = children;
    this.#stopWatching = stopWatching;
  }

  static async start(): Promise<KillableRuntime> {
    const children: ChildProcess[] = [];
    const watch = (message: unknown) =>
      children.push((message as { process: ChildProcess }).process);
    subscribe("child_process", watch);
    const entry = join(import.meta.dirname, "exactness-worker.ts");
    process.once("exit", () => killAll(children));
    const runtime = await Runtime.start({ entry });
    process.once("exit", () => rmSync(runtime.folder, { recursive: true, force: true }));
    return new KillableRuntime(runtime, children, () => unsubscribe("child_process", watch));
  }

  /** SIGKILL: nothing is flushed or closed. Miniflare starts the next workerd by itself. */
  async kill(): Promise<void> {
    const workerd = this.#children.find(
      (child) => isRunning(child) && basename(child.spawnfile) === "workerd",
    );
    if (workerd === undefined) throw new Error("Cannot kill workerd: none is running");
    const exited = once(workerd, "exit");
    workerd.kill("SIGKILL");
    await exited;
    this.kills += 1;
    await this.ready();
  }

  async ready(): Promise<void> {
    const overAt = performance.now() + READY_MS_MAX;
    for (;;) {
      const answer = await this.send("GET", "/readyz").catch(() => null);
      if (answer?.status === 200) return;
      if (performance.now() > overAt) throw new Error("workerd did not come back");
      await delay(READY_POLL_MS);
    }
  }

  /** As the administrator, JSON unless `headers` say otherwise. Rejects when there is no whole answer. */
  send(
    method: string,
    path: string,
    { body, headers = {}, isChunked = false }: Sent = {},
  ): Promise<Answer> {
    const { hostname, port } = new URL(this.#runtime.url);
    const length =
      body === undefined || isChunked ? {} : { "content-length": Buffer.byteLength(body) };
    const options = {
      method,
      path,
      hostname,
      port,
      agent: this.#agent,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        "content-type": "application/json",
        ...length,
        ...headers,
      },
    };
    return new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const { statusCode: status = 0, headers: answered } = response;
          resolve({ status, headers: answered, body: decoded(Buffer.concat(chunks), answered) });
        });
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  async json<Body>(method: string, path: string, value?: unknown): Promise<Body> {
    const sent = value === undefined ? {} : { body: JSON.stringify(value) };
    const { status, body } = await this.send(method, path, sent);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${body}`);
    return JSON.parse(body.toString()) as Body;
  }

  async makeOrg(org: string): Promise<void> {
    await this.json("POST", "/v1/orgs", { org, tier: "enterprise" });
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await this.#runtime.stop();
    this.#stopWatching();
    killAll(this.#children);
  }
}

function decoded(body: Buffer, headers: IncomingHttpHeaders): Buffer {
  return headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** workerd alone: esbuild's service is shared with the next runtime, and ends with this process. */
function killAll(children: readonly ChildProcess[]): void {
  for (const child of children) {
    if (isRunning(child) && basename(child.spawnfile) === "workerd") child.kill("SIGKILL");
  }
}

/** Whether a request that failed had reached a workerd, and may have been carried out. */
export function wasUnderWay(error: Error): boolean {
  return !("code" in error && error.code === "ECONNREFUSED");
}
