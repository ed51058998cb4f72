/** A Node process of a stranger's code, or of ours on it: what it says first, and its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endWithUs } from "../end-with-us.ts";
import { waitUntil } from "../wait-until.ts";

const LOG_CHARACTERS_MAX = 2_000;
const START_MS_MAX = 60_000;
const FIXTURES = join(import.meta.dirname, "fixture");

export type FixtureName = "legacy-server" | "modern-server" | "rough-server";

export class NodeProcess {
  readonly child: ChildProcess;
  #log = "";

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    endWithUs(this.child);
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_CHARACTERS_MAX);
    });
  }

  /** What it wrote to its standard error last. */
  get log(): string {
    return this.#log;
  }

  /** Its first line, which is JSON. */
  async said<Said>(): Promise<Said> {
    const { stdout } = this.child;
    if (stdout === null) throw new Error("a process without an output");
    const lines = createInterface(stdout);
    const [line] = (await Promise.race([once(lines, "line"), once(lines, "close")])) as [string?];
    // What follows is read, or the process would wait for it.
    lines.close();
    stdout.resume();
    if (line === undefined) throw new Error(`it said nothing: ${this.#log}`);
    return JSON.parse(line) as Said;
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill(signal);
    await ended;
  }
}

export interface Upstream {
  url: string;
  process: NodeProcess;
}

export async function startFixture(name: FixtureName, port = 0): Promise<Upstream> {
  const process = new NodeProcess([join(FIXTURES, `${name}.ts`)], { PORT: String(port) });
  const { url } = await process.said<{ url: string }>();
  return { url, process };
}

const EVERYTHING = packageFile("@modelcontextprotocol/server-everything", "dist/index.js");

/** `@modelcontextprotocol/server-everything`, which says its port only as it was told. */
export async function startServerEverything(): Promise<Upstream> {
  const port = await freePort();
  const process = new NodeProcess([EVERYTHING, "streamableHttp"], { PORT: String(port) });
  return untilItAnswers(process, port);
}

/** The same as a command on standard input and output, behind the bridge that README names. */
export async function startBridged(
  command: readonly string[] = [EVERYTHING, "stdio"],
): Promise<Upstream> {
  const port = await freePort();
  const bridge = packageFile("mcp-proxy", "dist/bin/mcp-proxy.mjs");
  const options = ["--host", "127.0.0.1", "--port", String(port), "--server", "stream"];
  const process = new NodeProcess([
    bridge,
    ...options,
    "--",
    globalThis.process.execPath,
    ...command,
  ]);
  return untilItAnswers(process, port);
}

async function untilItAnswers(process: NodeProcess, port: number): Promise<Upstream> {
  const url = `http://127.0.0.1:${port}/mcp`;
  const answers = async () => {
    if (process.child.exitCode !== null) throw new Error(`it ended: ${process.log}`);
    return fetch(url, { method: "DELETE" }).then(
      () => true,
      () => false,
    );
  };
  await waitUntil(answers, { msMax: START_MS_MAX, what: "a server starts" });
  process.child.stdout?.resume();
  return { url, process };
}

/** A package's file, whether its `exports` name it or not. */
export function packageFile(name: string, file: string): string {
  return join(import.meta.dirname, "../../../node_modules", name, file);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
