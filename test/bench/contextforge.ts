/** IBM's ContextForge, a gateway that keeps records, as its package from PyPI starts: one worker, on SQLite. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { endWithUs } from "../e2e/end-with-us.ts";
import { freePort } from "../e2e/gateway/node-process.ts";
import { openSession, type RawCall } from "../e2e/gateway/raw-call.ts";
import { waitUntil } from "../e2e/wait-until.ts";
import { processUsage } from "../harness/process-usage.ts";
import { newFolder, removeFolder } from "../harness/state-folder.ts";
import { type Access, type Installed, installOrSkip, newAccess } from "./contextforge-setup.ts";

/** It takes an empty database through all of its migrations. */
const START_MS_MAX = 180_000;
const END_MS_MAX = 20_000;
const LOG_CHARACTERS_MAX = 2_000;

interface Named {
  id: string;
  name: string;
  originalName?: string;
}

export class ContextForge {
  /** Of the package. */
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #url: string;
  readonly #token: string;
  #log = "";

  private constructor(
    { python, version }: Installed,
    { token, settings }: Access,
    { folder, port }: { folder: string; port: number },
  ) {
    this.version = version;
    this.#folder = folder;
    this.#url = `http://127.0.0.1:${port}`;
    this.#token = token;
    const { PATH = "" } = process.env;
    this.#child = spawn(
      python,
      ["-m", "mcpgateway.cli", "--host", "127.0.0.1", "--port", String(port)],
      {
        // Its database is where it is started, and so would be a `.env`.
        cwd: folder,
        env: { PATH, HOME: folder, ...settings },
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    endWithUs(this.#child);
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_CHARACTERS_MAX);
    });
  }

  /** None, said aloud, where Python or the package cannot be had. */
  static async start(): Promise<ContextForge | undefined> {
    const installed = await installOrSkip();
    if (installed === undefined) return undefined;
    const place = { folder: await newFolder(), port: await freePort() };
    const started = new ContextForge(installed, await newAccess(), place);
    await waitUntil(() => started.#isUp(), { msMax: START_MS_MAX, what: "ContextForge starts" });
    return started;
  }

  /** A tool's call through a virtual server that has this tool alone. */
  async register(upstream: string, tool: string): Promise<RawCall> {
    const name = "bench";
    await this.#json("POST", "/gateways", { name, url: upstream, transport: "STREAMABLEHTTP" });
    const tools = await this.#json<Named[]>("GET", "/tools");
    const found = tools.find(({ originalName }) => originalName === tool);
    if (found === undefined) throw new Error(`ContextForge found no tool ${tool}`);
    const made = { server: { name, associated_tools: [found.id] } };
    const { id } = await this.#json<Named>("POST", "/servers", made);
    const url = `${this.#url}/servers/${id}/mcp`;
    const session = await openSession(url, this.#token);
    const call = { url, token: this.#token, tool: found.name, session };
    return { ...call, version: "2025-11-25", leaves: "never" };
  }

  /** Processor time so far. */
  get cpuMs(): number {
    return processUsage(this.#child.pid ?? 0)?.cpuMs ?? Number.NaN;
  }

  /** As it is asked to, so that it ends the processes that it started, which would outlive it. */
  async end(): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      const late = setTimeout(() => this.#child.kill("SIGKILL"), END_MS_MAX);
      await ended;
      clearTimeout(late);
    }
    await removeFolder(this.#folder);
  }

  async #isUp(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error(`ContextForge ended: ${this.#log}`);
    return fetch(`${this.#url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async #json<Body>(method: string, path: string, body?: object): Promise<Body> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`ContextForge, ${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Body;
  }
}
