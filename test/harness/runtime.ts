/** The Worker in Miniflare, which is the runtime without wrangler's proxies (they cost 10–30 times). */

import { createWriteStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { Agent, type IncomingMessage, request } from "node:http";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

export const ADMIN_TOKEN = "harness-administrator-token-0123456789";
const KEY_BASE64 = Buffer.alloc(32, 7).toString("base64");
const CONNECTIONS = 4;

export interface Answer {
  status: number;
  body: Buffer;
}

export interface RuntimeOptions {
  /** Databases outlive the runtime in this folder; default a new one, removed by `stop`. */
  folder?: string;
  port?: number;
  /** The Worker's module; default the counting one. */
  entry?: string;
  /** At the same time; default 4. */
  connections?: number;
}

export class Runtime {
  readonly url: string;
  readonly folder: string;
  readonly #miniflare: Miniflare;
  readonly #isFolderOurs: boolean;
  readonly #connections: number;
  readonly #agent: Agent;

  private constructor(
    miniflare: Miniflare,
    url: string,
    folder: string,
    { folder: givenFolder, connections = CONNECTIONS }: RuntimeOptions,
  ) {
    this.#miniflare = miniflare;
    this.url = url;
    this.folder = folder;
    this.#isFolderOurs = givenFolder === undefined;
    this.#connections = connections;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  static async start(options: RuntimeOptions = {}): Promise<Runtime> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "mcpg-runtime-")));
    const { outputFiles } = await build({
      entryPoints: [options.entry ?? join(import.meta.dirname, "counting-worker.ts")],
      write: false,
      bundle: true,
      format: "esm",
      target: "es2024",
      conditions: ["workerd", "worker", "browser"],
      external: ["node:*", "cloudflare:*"],
    });
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        ...(options.port === undefined ? {} : { port: options.port }),
        modules: [{ type: "ESModule", path: "worker.mjs", contents: outputFiles[0]?.text ?? "" }],
        compatibilityDate: "2026-11-01",
        d1Databases: { DIRECTORY: "directory", SHARD_0: "shard-0" },
        durableObjects: { LEDGER: { className: "Ledger", useSQLite: true } },
        bindings: {
          MCPG_ADMIN_TOKEN: ADMIN_TOKEN,
          MCPG_LEDGER_SEED: KEY_BASE64,
          MCPG_PAYLOAD_KEK: KEY_BASE64,
        },
        resourcePersistencePath: join(folder, "state"),
        inspectorPort: 0,
        // `tick` calls the cron handler by its path.
        unsafeTriggerHandlers: true,
      }),
    );
    const { href: url } = await miniflare.ready;
    await migrate(await miniflare.getD1Database("DIRECTORY"), "directory");
    await migrate(await miniflare.getD1Database("SHARD_0"), "shard");
    return new Runtime(miniflare, url, folder, options);
  }

  async call(
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await this.#send(method, path, body, headers);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) };
  }

  /** The number of bytes, kept in a file if any: a body may be larger than memory. */
  async download(path: string, file: string = devNull): Promise<number> {
    const response = await this.#send("GET", path, undefined, {});
    if (response.statusCode !== 200) throw new Error(`GET ${path}: ${response.statusCode}`);
    const sink = createWriteStream(file);
    await pipeline(response, sink);
    return sink.bytesWritten;
  }

  #send(
    method: string,
    path: string,
    body: string | Uint8Array | undefined,
    headers: Record<string, string>,
  ): Promise<IncomingMessage> {
    const options = {
      method,
      agent: this.#agent,
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        ...headers,
      },
    };
    const attempt = () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const sent = request(new URL(path, this.url).href, options, resolve);
        sent.on("error", (error: NodeJS.ErrnoException) => {
          // The runtime closes a connection after 5 idle seconds, perhaps just as it is used again.
          const isStale = sent.reusedSocket && error.code === "ECONNRESET";
          if (isStale) attempt().then(resolve, reject);
          else reject(error);
        });
        sent.end(body);
      });
    return attempt();
  }

  /** WebSocket address of the Worker's inspector. */
  async inspectorUrl(): Promise<string> {
    const { origin } = await this.#miniflare.getInspectorURL();
    const list = await fetch(`${origin.replace("ws", "http")}/json`);
    const targets = (await list.json()) as { id: string; webSocketDebuggerUrl: string }[];
    const worker = targets.find(({ id }) => id.startsWith("core:user")) ?? targets[0];
    return worker?.webSocketDebuggerUrl ?? "";
  }

  async json<T>(method: string, path: string, body?: string): Promise<T> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body.toString()) as T;
  }

  async makeOrg(org: string): Promise<void> {
    await this.json("POST", "/v1/orgs", JSON.stringify({ org, tier: "enterprise" }));
  }

  /** Posts the bodies over a few connections; the milliseconds it took. */
  async postAll(path: string, bodies: readonly string[]): Promise<number> {
    const startedAt = performance.now();
    let next = 0;
    const connection = async () => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
        await this.json("POST", path, body);
      }
    };
    await Promise.all(Array.from({ length: this.#connections }, connection));
    return performance.now() - startedAt;
  }

  /** Runs the Worker's cron handler once, to its end. */
  async tick(): Promise<void> {
    const path = `/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time=${Date.now()}`;
    const { status, body } = await this.call("GET", path);
    if (status !== 200) throw new Error(`the tick failed: ${status} ${body}`);
  }

  async queryDatabase<Row>(binding: "DIRECTORY" | "SHARD_0", query: string): Promise<Row[]> {
    const db = await this.#miniflare.getD1Database(binding);
    return (await db.prepare(query).all<Row>()).results;
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await this.#miniflare.dispose();
    if (this.#isFolderOurs) await rm(this.folder, { recursive: true, force: true });
  }
}

/** A trigger holds statements of its own, each on the line of its BEGIN or before its END. */
const STATEMENT_END = /;(?!\s*END)\s*$/m;

/** Statements without their comments, which a `;` may hide in. */
export async function migrationStatements(folder: string): Promise<string[]> {
  const files = (await readdir(`migrations/${folder}`)).sort();
  const texts = await Promise.all(
    files.map((file) => readFile(`migrations/${folder}/${file}`, "utf8")),
  );
  return texts
    .flatMap((text) => text.replaceAll(/--.*$/gm, "").split(STATEMENT_END))
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

async function migrate(
  db: {
    prepare(sql: string): { run(): Promise<unknown>; all(): Promise<{ results: unknown[] }> };
  },
  folder: string,
): Promise<void> {
  const { results } = await db.prepare("SELECT name FROM sqlite_master WHERE name = 'orgs'").all();
  if (results.length > 0) return;
  for (const statement of await migrationStatements(folder)) await db.prepare(statement).run();
}
