/**
 * The Worker in Miniflare, which is the runtime without wrangler's proxies (they cost 10–30 times): every
 * suite and benchmark runs in one of these, which can be killed, stopped, and started again on the same
 * or a copied folder, with other settings if need be.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { buildDashboard } from "../../scripts/build-dashboard.ts";
import { buildSha256, sha256Module } from "../../scripts/build-sha256.ts";
import { DASHBOARD_FOLDER } from "../../scripts/dashboard-bundle.ts";
import { POLICY_WORKER, policyWorkerOptions } from "../../scripts/policy-bundle.ts";
import { ADMIN_TOKEN, HttpClient } from "./http-client.ts";
import { migrate } from "./migrations.ts";
import { newFolder, removeFolder } from "./state-folder.ts";
import { workerBundle } from "./worker-bundle.ts";
import { spawningWorkerd } from "./workerd-process.ts";

export const SEED_BASE64 = Buffer.alloc(32, 7).toString("base64");
const KEK_BASE64 = Buffer.alloc(32, 8).toString("base64");
const COUNTING_WORKER = join(import.meta.dirname, "counting-worker.ts");
/** As wrangler makes them of wrangler.toml: files first, then the Worker. */
const ASSETS = {
  directory: resolve(DASHBOARD_FOLDER),
  binding: "ASSETS",
  routerConfig: { has_user_worker: true },
};
const CONNECTIONS = 4;
const READY_MS_MAX = 60_000;
const READY_POLL_MS = 10;

export interface RuntimeOptions {
  /** The Worker's module; default the counting one. */
  entry?: string;
  /** The folder of whose sources and migrations it is made, another version's; default this one. */
  checkout?: string;
  /** In addition to, or instead of, the usual ones; undefined takes one away. */
  settings?: Record<string, string | undefined>;
  /** Databases outlive the runtime in this folder; default a new one, which `stop` removes. */
  folder?: string;
  /** At the same time; default 4. */
  connections?: number;
  /** `kill` may be called. */
  isKillable?: boolean;
  /** For `inspectorUrl`. */
  hasInspector?: boolean;
  /** The policy engine runs beside it: without, an org that has a policy is denied everything. */
  hasPolicy?: boolean;
  /** The dashboard's files are served before the Worker is asked, as they are where it is deployed. */
  hasDashboard?: boolean;
  /** Shows none of the Worker's logs: of faults that are meant, they would bury the checks. */
  isSilent?: boolean;
  /** Gets the Worker's logs in place of the terminal. */
  onLog?: (line: string) => void;
}

export class Runtime extends HttpClient {
  readonly folder: string;
  kills = 0;
  readonly #miniflare: Miniflare;
  readonly #isFolderOurs: boolean;
  #workerd: ChildProcess;
  #isStopped = false;

  private constructor(
    { miniflare, url }: { miniflare: Miniflare; url: URL },
    workerd: ChildProcess,
    folder: string,
    { connections = CONNECTIONS, isKillable = false, ...options }: RuntimeOptions,
  ) {
    super(url.href, { connections, isResending: !isKillable });
    this.#miniflare = miniflare;
    this.#workerd = workerd;
    this.folder = folder;
    this.#isFolderOurs = options.folder === undefined;
  }

  static async start(options: RuntimeOptions = {}): Promise<Runtime> {
    const folder = options.folder ?? (await newFolder());
    const contents = await workerBundle(options.entry ?? COUNTING_WORKER, options.checkout);
    if (options.hasDashboard) await buildDashboard();
    buildSha256();
    const policyScript = options.hasPolicy ? await workerBundle("src/policy-worker.ts") : null;
    const { result, workerd } = await spawningWorkerd(async () => {
      const all = miniflareOptions({ contents, policyScript }, folder, options);
      const miniflare = new Miniflare(convertV4MiniflareOptions(all));
      return { miniflare, url: await miniflare.ready };
    });
    await migrate(await result.miniflare.getD1Database("DIRECTORY"), "directory", options.checkout);
    await migrate(await result.miniflare.getD1Database("SHARD_0"), "shard", options.checkout);
    return new Runtime(result, workerd, folder, options);
  }

  /** SIGKILL: nothing is flushed or closed. Miniflare starts the next workerd by itself. */
  async kill(): Promise<void> {
    const { workerd } = await spawningWorkerd(async () => {
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

  /** The Worker's own socket: what Miniflare has before it, which nobody deploys, takes as long as half a call. */
  async directUrl(): Promise<string> {
    return (await this.#miniflare.unsafeGetDirectURL()).origin;
  }

  /** WebSocket address of the Worker's inspector. */
  async inspectorUrl(): Promise<string> {
    const { origin } = await this.#miniflare.getInspectorURL();
    const list = await fetch(`${origin.replace("ws", "http")}/json`);
    const targets = (await list.json()) as { id: string; webSocketDebuggerUrl: string }[];
    const worker =
      targets.find(({ id }) => id.startsWith("core:user") && !id.endsWith(POLICY_WORKER)) ??
      targets[0];
    return worker?.webSocketDebuggerUrl ?? "";
  }

  async queryDatabase<Row>(binding: "DIRECTORY" | "SHARD_0", query: string): Promise<Row[]> {
    const db = await this.#miniflare.getD1Database(binding);
    return (await db.prepare(query).all<Row>()).results;
  }

  /** Once: whoever cleans up need not know what was stopped before. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.disconnect();
    await this.#miniflare.dispose();
    if (this.#isFolderOurs) await removeFolder(this.folder);
  }
}

function given(settings: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

function miniflareOptions(
  { contents, policyScript }: { contents: string; policyScript: string | null },
  folder: string,
  options: RuntimeOptions,
) {
  const { settings, hasInspector = false, hasDashboard = false, isSilent = false, onLog } = options;
  const control = {
    modules: [{ type: "ESModule" as const, path: "worker.mjs", contents }, sha256Module()],
    compatibilityDate: "2026-11-01",
    compatibilityFlags: ["enable_request_signal"],
    d1Databases: { DIRECTORY: "directory", SHARD_0: "shard-0" },
    durableObjects: { LEDGER: { className: "Ledger", useSQLite: true } },
    bindings: given({
      MCPG_ADMIN_TOKEN: ADMIN_TOKEN,
      MCPG_LEDGER_SEED: SEED_BASE64,
      MCPG_PAYLOAD_KEK: KEK_BASE64,
      MCPG_LOCAL: "true",
      ...settings,
    }),
    ...(hasDashboard && { assets: ASSETS }),
    ...(policyScript !== null && { serviceBindings: { POLICY: POLICY_WORKER } }),
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
  return {
    workers: [control, ...(policyScript === null ? [] : [policyWorkerOptions(policyScript)])],
    resourcePersistencePath: join(folder, "state"),
    // `tick` calls the cron handler by its path.
    unsafeTriggerHandlers: true,
    ...(hasInspector && { inspectorPort: 0 }),
    ...(isSilent && { handleStructuredLogs: () => undefined }),
    ...(onLog !== undefined && {
      handleStructuredLogs: ({ message }: { message: string }) => onLog(message),
    }),
  };
}
