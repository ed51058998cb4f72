/** A real Prometheus on a free loopback port, its data in a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { eventually } from "./eventually.ts";
import { PrometheusApi } from "./prometheus-api.ts";

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 5_000;

export class PrometheusProcess {
  readonly api: PrometheusApi;
  readonly #child: ChildProcess;
  readonly #log: { text: string };
  readonly #killOnExit: () => void;

  private constructor(child: ChildProcess, log: { text: string }, url: string, kill: () => void) {
    this.#child = child;
    this.#log = log;
    this.#killOnExit = kill;
    this.api = new PrometheusApi(url);
  }

  static async start(
    configPath: string,
    dataFolder: string,
    features: readonly string[],
    program = "prometheus",
  ): Promise<PrometheusProcess> {
    const child = spawn(
      program,
      [
        `--config.file=${configPath}`,
        `--storage.tsdb.path=${dataFolder}`,
        // Port 0 leaves no moment in which another process could take the port.
        "--web.listen-address=127.0.0.1:0",
        ...features.map((feature) => `--enable-feature=${feature}`),
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    const killOnExit = () => child.kill("SIGKILL");
    // Before the folder is removed, which an earlier handler does.
    process.prependOnceListener("exit", killOnExit);
    const log = { text: "" };
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log.text += text;
    });
    const ready = async () => log.text.includes("Server is ready") || child.exitCode !== null;
    await eventually(ready, Boolean, START_MS_MAX);
    const address = /msg="Listening on" .*?address=(\S+)/.exec(log.text)?.[1];
    if (address === undefined || child.exitCode !== null) {
      killOnExit();
      throw new Error(`prometheus did not start: ${log.text}`);
    }
    return new PrometheusProcess(child, log, `http://${address}`, killOnExit);
  }

  /** Log lines above `info`: what Prometheus drops it drops with a warning. */
  warnings(): string[] {
    return this.#log.text.split("\n").filter((line) => /\blevel=(warn|error) /i.test(line));
  }

  async stop(): Promise<void> {
    process.off("exit", this.#killOnExit);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS_MAX);
    await exited;
    clearTimeout(killer);
  }
}

/** The names of the programs that cannot be run here. */
export function missingPrograms(): string[] {
  return ["prometheus", "promtool"].filter(
    (program) => spawnSync(program, ["--version"]).status !== 0,
  );
}

export interface PromtoolResult {
  status: number | null;
  lines: string[];
}

export function runPromtool(
  args: readonly string[],
  input = "",
  program = "promtool",
): PromtoolResult {
  const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: "utf8" });
  return { status, lines: `${stdout}${stderr}`.split("\n").filter((line) => line !== "") };
}
