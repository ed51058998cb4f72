/** The Worker in Miniflare, which is the runtime without wrangler's proxies (they cost 10–30 times). */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
}

export class Runtime {
  readonly url: string;
  readonly folder: string;
  readonly #miniflare: Miniflare;
  readonly #isFolderOurs: boolean;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

  private constructor(miniflare: Miniflare, url: string, folder: string, isFolderOurs: boolean) {
    this.#miniflare = miniflare;
    this.url = url;
    this.folder = folder;
    this.#isFolderOurs = isFolderOurs;
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
        bindings: {
          MCPG_ADMIN_TOKEN: ADMIN_TOKEN,
          MCPG_LEDGER_SEED: KEY_BASE64,
          MCPG_PAYLOAD_KEK: KEY_BASE64,
        },
        resourcePersistencePath: join(folder, "state"),
        inspectorPort: 0,
      }),
    );
    const { href: url } = await miniflare.ready;
    await migrate(await miniflare.getD1Database("DIRECTORY"), "directory");
    await migrate(await miniflare.getD1Database("SHARD_0"), "shard");
    return new Runtime(miniflare, url, folder, options.folder === undefined);
  }

  call(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
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
    return new Promise<Answer>((resolve, reject) => {
      const sent = request(new URL(path, this.url).href, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
        );
      });
      sent.on("error", reject);
      sent.end(body);
    });
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
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
    return performance.now() - startedAt;
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await this.#miniflare.dispose();
    if (this.#isFolderOurs) await rm(this.folder, { recursive: true, force: true });
  }
}

/** Statements without their comments, which a `;` may hide in. */
export async function migrationStatements(folder: string): Promise<string[]> {
  const files = (await readdir(`migrations/${folder}`)).sort();
  const texts = await Promise.all(
    files.map((file) => readFile(`migrations/${folder}/${file}`, "utf8")),
  );
  return texts
    .flatMap((text) => text.replaceAll(/--.*$/gm, "").split(";"))
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
