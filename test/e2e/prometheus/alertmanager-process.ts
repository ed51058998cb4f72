/** A real Alertmanager with the shipped configuration, and the program that prints what it sends. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./eventually.ts";

const CONFIG_PATH = "monitoring/alertmanager.yml";
const SHIPPED_RECEIVER = "127.0.0.1:9095";
/** Upstream's name, and Debian's. */
const PROGRAMS = ["alertmanager", "prometheus-alertmanager"];
const START_MS_MAX = 20_000;

export class AlertmanagerProcess {
  /** Host and port. */
  readonly address: string;
  readonly #printed: { text: string };
  readonly #children: ChildProcess[];

  private constructor(address: string, printed: { text: string }, children: ChildProcess[]) {
    this.address = address;
    this.#printed = printed;
    this.#children = children;
  }

  /** Only the waits are shortened, and the receiver's port is one that is free. */
  static async start(folder: string): Promise<AlertmanagerProcess> {
    const children: ChildProcess[] = [];
    process.once("exit", () => stopAll(children));
    try {
      const printer = child(children, process.execPath, ["scripts/print-alerts.ts", "--port=0"]);
      const receiver = await address(printer, /ready on http:\/\/(\S+)/);
      const shipped = readFileSync(CONFIG_PATH, "utf8").replaceAll(SHIPPED_RECEIVER, receiver);
      const path = join(folder, "alertmanager.yml");
      writeFileSync(path, shipped.replaceAll(/(group_\w+): \d+[sm]/g, "$1: 1s"));
      const manager = child(children, program() ?? "", [
        `--config.file=${path}`,
        `--storage.path=${join(folder, "alertmanager-data")}`,
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
      ]);
      const managed = await address(manager, /msg="Listening on" address=(\S+)/);
      return new AlertmanagerProcess(managed, printer, children);
    } catch (error) {
      stopAll(children);
      throw error;
    }
  }

  /** What was sent to receivers so far. */
  printed(): string[] {
    return this.#printed.text.split("\n");
  }

  /** As a Prometheus would, of an alert whose rule takes minutes. */
  async tell(labels: Record<string, string>, annotations: Record<string, string>): Promise<void> {
    const response = await fetch(`http://${this.address}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify([{ labels, annotations }]),
    });
    if (!response.ok) throw new Error(`Alertmanager: ${response.status}`);
  }

  stop(): void {
    stopAll(this.#children);
  }
}

export function isAlertmanagerMissing(): boolean {
  return program() === undefined;
}

function program(): string | undefined {
  return PROGRAMS.find((name) => spawnSync(name, ["--version"]).status === 0);
}

function child(children: ChildProcess[], name: string, args: string[]): { text: string } {
  const started = spawn(name, args, { stdio: ["ignore", "pipe", "pipe"] });
  children.push(started);
  const output = { text: "" };
  for (const stream of [started.stdout, started.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output.text += text;
    });
  }
  return output;
}

async function address(output: { text: string }, pattern: RegExp): Promise<string> {
  const found = async () => pattern.exec(output.text)?.[1];
  const got = await eventually(found, (text) => text !== undefined, START_MS_MAX);
  if (got === undefined) throw new Error(`did not start: ${output.text}`);
  return got;
}

function stopAll(children: readonly ChildProcess[]): void {
  for (const each of children) each.kill("SIGKILL");
}
