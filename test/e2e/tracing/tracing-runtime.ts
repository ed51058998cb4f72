/** The Worker with tracing settings, its memory at hand, in the runtime itself. */
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { ADMIN_TOKEN, migrationStatements } from "../../harness/runtime.ts";
import type { Account } from "./tracing-worker.ts";

const KEY_BASE64 = Buffer.alloc(32, 7).toString("base64");

export interface TracingOptions {
  /** Of a collector; null for none. */
  endpoint: string | null;
  /** Default 1. */
  sampleRate?: number;
}

export class TracingRuntime {
  readonly url: URL;
  readonly #miniflare: Miniflare;
  readonly #folder: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });

  private constructor(miniflare: Miniflare, url: URL, folder: string) {
    this.#miniflare = miniflare;
    this.url = url;
    this.#folder = folder;
  }

  static async start({ endpoint, sampleRate = 1 }: TracingOptions): Promise<TracingRuntime> {
    const folder = await mkdtemp(join(tmpdir(), "mcpg-tracing-"));
    const traces = { enabled: true, otlp: { endpoint, headers: {}, sample_rate: sampleRate } };
    const settings = endpoint === null ? {} : { OBSERVABILITY: JSON.stringify({ traces }) };
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        modules: [{ type: "ESModule", path: "worker.mjs", contents: await workerBundle() }],
        compatibilityDate: "2026-11-01",
        d1Databases: { DIRECTORY: "directory", SHARD_0: "shard-0" },
        durableObjects: { LEDGER: { className: "Ledger", useSQLite: true } },
        bindings: {
          MCPG_ADMIN_TOKEN: ADMIN_TOKEN,
          MCPG_LEDGER_SEED: KEY_BASE64,
          MCPG_PAYLOAD_KEK: KEY_BASE64,
          ...settings,
        },
        resourcePersistencePath: join(folder, "state"),
        inspectorPort: 0,
        unsafeTriggerHandlers: true,
        // Of spans that are meant to be lost.
        handleStructuredLogs: () => undefined,
      }),
    );
    const url = await miniflare.ready;
    for (const [binding, migrations] of [
      ["DIRECTORY", "directory"],
      ["SHARD_0", "shard"],
    ] as const) {
      const db = await miniflare.getD1Database(binding);
      for (const statement of await migrationStatements(migrations)) {
        await db.prepare(statement).run();
      }
    }
    return new TracingRuntime(miniflare, new URL(url.href), folder);
  }

  /** The status of a GET, and the milliseconds it took. */
  get(path: string, headers: Record<string, string> = {}): Promise<{ status: number; ms: number }> {
    const startedAt = performance.now();
    const authorization = `Bearer ${ADMIN_TOKEN}`;
    const options = { agent: this.#agent, headers: { authorization, ...headers } };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.url.href).href, options, (response) => {
        response.resume();
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, ms: performance.now() - startedAt });
        });
      });
      sent.on("error", (error: NodeJS.ErrnoException) => {
        // The runtime closes a connection after 5 idle seconds, perhaps just as it is used again.
        const isStale = sent.reusedSocket && error.code === "ECONNRESET";
        if (isStale) this.get(path, headers).then(resolve, reject);
        else reject(error);
      });
      sent.end();
    });
  }

  /** Milliseconds of each of so many requests over 8 connections. Rejects if one is not answered so. */
  async getMany(path: string, count: number, status = 200): Promise<number[]> {
    const latenciesMs: number[] = [];
    let left = count;
    const connection = async () => {
      while (left-- > 0) {
        const answer = await this.get(path);
        if (answer.status !== status) throw new Error(`${path}: ${answer.status}`);
        latenciesMs.push(answer.ms);
      }
    };
    await Promise.all(Array.from({ length: 8 }, connection));
    return latenciesMs;
  }

  async account(): Promise<Account> {
    const response = await fetch(`${this.url.origin}/test/account`);
    return (await response.json()) as Account;
  }

  async tick(): Promise<number> {
    const path = `/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time=${Date.now()}`;
    return (await this.get(path)).status;
  }

  async inspectorUrl(): Promise<string> {
    const { origin } = await this.#miniflare.getInspectorURL();
    const list = await fetch(`${origin.replace("ws", "http")}/json`);
    const targets = (await list.json()) as { id: string; webSocketDebuggerUrl: string }[];
    const worker = targets.find(({ id }) => id.startsWith("core:user")) ?? targets[0];
    return worker?.webSocketDebuggerUrl ?? "";
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await this.#miniflare.dispose();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Of every workerd that this process started. Linux only, as the figure is. */
export function workerdBytes(): number {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => statusOf(pid))
    .filter(({ name, parent }) => name === "workerd" && parent === process.pid)
    .reduce((total, { bytes }) => total + bytes, 0);
}

function statusOf(pid: string): { name: string; parent: number; bytes: number } {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(text)?.[1] ?? "";
    return {
      name: field("Name"),
      parent: Number(field("PPid")),
      bytes: 1_024 * Number(field("VmRSS")),
    };
  } catch {
    // It has ended meanwhile.
    return { name: "", parent: 0, bytes: 0 };
  }
}

let bundled: Promise<string> | null = null;

function workerBundle(): Promise<string> {
  bundled ??= build({
    entryPoints: [join(import.meta.dirname, "tracing-worker.ts")],
    write: false,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? "");
  return bundled;
}
