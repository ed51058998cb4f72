/**
 * A real OpenTelemetry Collector as a process: between a fleet and an org, with its batches and its queue, or as
 * another's config has it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processUsage } from "../../harness/process-usage.ts";
import { endWithUs } from "../end-with-us.ts";
import { goModuleVersion, goProgram } from "../go-program.ts";
import { waitUntil } from "../wait-until.ts";

const SOURCE = join(import.meta.dirname, "collector");
const START_MS_MAX = 60_000;
const MODULE = "go.opentelemetry.io/collector/otelcol";

export interface CollectorRoute {
  endpoint: string;
  authorization: string;
  /** The batch processor's own settings; none are its defaults. */
  batch: Record<string, number | string>;
}

export function collectorProgram(): Promise<string> {
  return goProgram("otelcol", SOURCE);
}

export function collectorVersion(): Promise<string> {
  return goModuleVersion(SOURCE, MODULE);
}

export class Collector {
  readonly #child: ChildProcess;
  readonly #folder: string;
  #log = "";
  #url = "";

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  /** Its log tells the address, so it has one receiver of OTLP over HTTP, at port 0: no other process can take that. */
  static async start(program: string, config: object): Promise<Collector> {
    const folder = await mkdtemp(join(tmpdir(), "mcpg-otelcol-"));
    const file = join(folder, "config.yaml");
    // JSON is YAML.
    await writeFile(file, JSON.stringify(config));
    const child = spawn(program, ["--config", file], { stdio: ["ignore", "ignore", "pipe"] });
    const collector = new Collector(child, folder);
    endWithUs(child);
    await collector.#ready();
    return collector;
  }

  get url(): string {
    return this.#url;
  }

  /** Processor time so far. */
  get cpuMs(): number {
    return processUsage(this.#child.pid ?? 0)?.cpuMs ?? Number.NaN;
  }

  /** It sends what it holds before it ends. What it could not send, it logged. */
  async stop(): Promise<string[]> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "close");
      this.#child.kill("SIGTERM");
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
    return this.#log.split("\n").filter((line) => line.includes("\terror\t"));
  }

  async #ready(): Promise<void> {
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#log += text;
    });
    const isReady = async () =>
      this.#log.includes("Everything is ready") || this.#child.exitCode !== null;
    await waitUntil(isReady, { msMax: START_MS_MAX, what: "the Collector starts" });
    const address = /Starting HTTP server.*"endpoint": "([^"]+)"/.exec(this.#log)?.[1];
    if (address === undefined) throw new Error(`the Collector did not start: ${this.#log}`);
    this.#url = `http://${address}`;
  }
}

export const OTLP_RECEIVER = { protocols: { http: { endpoint: "127.0.0.1:0" } } };

export function routeConfig({ endpoint, authorization, batch }: CollectorRoute) {
  return {
    receivers: { otlp: OTLP_RECEIVER },
    processors: { batch },
    exporters: { otlp_http: { endpoint, headers: { authorization } } },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: {
        traces: { receivers: ["otlp"], processors: ["batch"], exporters: ["otlp_http"] },
      },
    },
  };
}
