/**
 * The Worker with its ledgers in a workerd that can be killed, stopped, and started again on the same
 * or a copied folder, with other settings if need be.
 */
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { ADMIN_TOKEN, migrationStatements } from "../../harness/runtime.ts";

export const SEED_BASE64 = Buffer.alloc(32, 7).toString("base64");
const KEK_BASE64 = Buffer.alloc(32, 8).toString("base64");
const CONNECTIONS = 32;
/** An answer that takes longer is a failure of the Worker, whatever the machine. */
const ANSWER_MS_MAX = 60_000;
const READY_MS_MAX = 60_000;
const READY_POLL_MS = 10;

export interface Answer {
  status: number;
  body: Buffer;
}

export interface RuntimeOptions {
  /** Databases outlive the runtime in this folder; default a new one. Removed when the process ends. */
  folder?: string;
  /** In addition to, or instead of, the usual ones. */
  settings?: Record<string, string>;
  /** The Worker's module; default ledger-worker.ts. */
  entry?: string;
}

export class LedgerRuntime {
  readonly folder: string;
  readonly #miniflare: Miniflare;
  readonly #url: URL;
  #workerd: ChildProcess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  kills = 0;

  private constructor(miniflare: Miniflare, url: URL, folder: string, workerd: ChildProcess) {
    this.#miniflare = miniflare;
    this.#url = url;
    this.folder = folder;
    this.#workerd = workerd;
  }

  static async start({
    folder,
    settings = {},
    entry = LEDGER_WORKER,
  }: RuntimeOptions = {}): Promise<LedgerRuntime> {
    const stateFolder = folder ?? (await newFolder());
    const contents = await workerBundle(entry);
    const settled = { folder: stateFolder, contents, settings };
    const { result, workerd } = await spawning(async () => {
      const miniflare = new Miniflare(miniflareOptions(settled));
      return { miniflare, url: await miniflare.ready };
    });
    const { miniflare, url } = result;
    if (folder === undefined) {
      await migrate(await miniflare.getD1Database("DIRECTORY"), "directory");
      await migrate(await miniflare.getD1Database("SHARD_0"), "shard");
    }
    return new LedgerRuntime(miniflare, url, stateFolder, workerd);
  }

  get url(): string {
    return this.#url.origin;
  }

  /** SIGKILL: nothing is flushed or closed. Miniflare starts the next workerd by itself. */
  async kill(): Promise<void> {
    const { workerd } = await spawning(async () => {
      const exited = once(this.#workerd, "exit");
      this.#workerd.kill("SIGKILL");
      await exited;
      await this.ready();
    });
    this.#workerd = workerd;
    this.kills += 1;
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

  /** As the administrator. Rejects when there is no whole answer. */
  send(method: string, path: string, value?: unknown): Promise<Answer> {
    const body = value === undefined ? "" : JSON.stringify(value);
    const options = {
      method,
      path,
      hostname: this.#url.hostname,
      port: this.#url.port,
      agent: this.#agent,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(value === undefined ? {} : { "content-type": "application/json" }),
        "content-length": Buffer.byteLength(body),
      },
    };
    return new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
        );
      });
      sent.on("error", (error) =>
        reject(
          error.name === "AbortError" ? new Error(`no answer in time: ${method} ${path}`) : error,
        ),
      );
      sent.end(body);
    });
  }

  /** The text of an answer that is none of a failure. */
  async text(method: string, path: string, value?: unknown): Promise<string> {
    const { status, body } = await this.send(method, path, value);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${body}`);
    return body.toString();
  }

  async json<Body>(method: string, path: string, value?: unknown): Promise<Body> {
    return JSON.parse(await this.text(method, path, value)) as Body;
  }

  async makeOrg(org: string): Promise<void> {
    await this.json("POST", "/v1/orgs", { org, tier: "enterprise" });
  }

  /** The databases stay, closed and whole, until the process ends. */
  async stop(): Promise<void> {
    this.#agent.destroy();
    await this.#miniflare.dispose();
  }
}

const folders = new Set<string>();
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Removed when the process ends. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mcpg-ledger-"));
  folders.add(folder);
  return folder;
}

const LEDGER_WORKER = join(import.meta.dirname, "ledger-worker.ts");
const bundles = new Map<string, Promise<string>>();

function workerBundle(entry: string): Promise<string> {
  const known = bundles.get(entry);
  if (known !== undefined) return known;
  const bundled = build({
    entryPoints: [entry],
    write: false,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? "");
  bundles.set(entry, bundled);
  return bundled;
}

interface Settled {
  folder: string;
  contents: string;
  settings: Record<string, string>;
}

function miniflareOptions({ folder, contents, settings }: Settled) {
  return convertV4MiniflareOptions({
    modules: [{ type: "ESModule", path: "worker.mjs", contents }],
    compatibilityDate: "2026-11-01",
    d1Databases: { DIRECTORY: "directory", SHARD_0: "shard-0" },
    durableObjects: { LEDGER: { className: "Ledger", useSQLite: true } },
    bindings: {
      MCPG_ADMIN_TOKEN: ADMIN_TOKEN,
      MCPG_LEDGER_SEED: SEED_BASE64,
      MCPG_PAYLOAD_KEK: KEK_BASE64,
      ...settings,
    },
    resourcePersistencePath: join(folder, "state"),
    // Of faults that are meant: they would bury the checks.
    handleStructuredLogs: () => undefined,
  });
}

type Migrated = Awaited<ReturnType<Miniflare["getD1Database"]>>;

async function migrate(db: Migrated, folder: string): Promise<void> {
  const statements = await migrationStatements(folder);
  await db.batch(statements.map((statement) => db.prepare(statement)));
}

const spawned: ChildProcess[] = [];
subscribe("child_process", (message) => {
  spawned.push((message as { process: ChildProcess }).process);
});
process.once("exit", () => {
  for (const child of spawned.filter(isWorkerd)) child.kill("SIGKILL");
});

/** Running: esbuild's service and verifiers are children too. */
function isWorkerd({ spawnfile, exitCode, signalCode }: ChildProcess): boolean {
  return basename(spawnfile ?? "") === "workerd" && exitCode === null && signalCode === null;
}

let turn: Promise<unknown> = Promise.resolve();

/** One after the other, so that the workerd that comes is that of the runtime which asked for it. */
function spawning<Result>(
  start: () => Promise<Result>,
): Promise<{ result: Result; workerd: ChildProcess }> {
  const next = turn.then(async () => {
    const before = spawned.length;
    const result = await start();
    const workerd = spawned.slice(before).findLast(isWorkerd);
    if (workerd === undefined) throw new Error("no workerd was started");
    return { result, workerd };
  });
  turn = next.catch(() => undefined);
  return next;
}

/** Whether a request that failed had reached a workerd, and may have been carried out. */
export function wasUnderWay(error: Error): boolean {
  return !("code" in error && error.code === "ECONNREFUSED");
}
