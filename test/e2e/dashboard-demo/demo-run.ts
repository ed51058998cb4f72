/** `npm start` and, beside it, `npm run demo`, as README says; what is made in the demo's org is the administrator's. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDevVars } from "../../../scripts/start/dev-vars.ts";
import { NpmStart } from "../start/npm-start.ts";
import { waitUntil } from "../wait-until.ts";

export const ORG = "demo";
/** It is told to stop before. */
const DEMO_SECONDS = 900;
const DEMO_START_MS_MAX = 120_000;
const DEMO_END_MS_MAX = 20_000;

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly actor: string;
}

export class DemoRun {
  readonly folder: string;
  readonly adminToken: string;
  readonly #start: NpmStart;
  readonly #demo: ChildProcess;
  demoOutput = "";

  private constructor(folder: string, start: NpmStart, demo: ChildProcess) {
    this.folder = folder;
    this.#start = start;
    this.#demo = demo;
    this.adminToken = readDevVars(".dev.vars").MCPG_ADMIN_TOKEN;
    for (const stream of [demo.stdout, demo.stderr]) {
      stream?.on("data", (chunk) => {
        this.demoOutput += chunk;
      });
    }
    process.once("exit", () => this.#signalDemo("SIGKILL"));
  }

  /** Returns once clients call through the gateway. */
  static async begin(): Promise<DemoRun> {
    const folder = await mkdtemp(join(tmpdir(), "mcpg-dashboard-demo-"));
    const { start } = await NpmStart.run(join(folder, "state"));
    const demo = spawn("npm", ["run", "demo", "--", "--seconds", String(DEMO_SECONDS)], {
      env: { ...process.env, BASE: start.base },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const run = new DemoRun(folder, start, demo);
    const isCalling = async () => {
      if (demo.exitCode !== null) throw new Error(`the demo ended:\n${run.demoOutput}`);
      return run.demoOutput.includes("clients call for");
    };
    await waitUntil(isCalling, { msMax: DEMO_START_MS_MAX, what: "the demo's clients call" });
    return run;
  }

  get url(): string {
    return this.#start.base;
  }

  /** Where the dashboard is, by the demo's own word. */
  get page(): string {
    return /Watch them: open (\S+) and sign in/.exec(this.demoOutput)?.[1] ?? "";
  }

  async token(made: NewToken): Promise<string> {
    const path = `/v1/orgs/${ORG}/service-tokens`;
    const answer = await this.#start.send("POST", path, { token: this.adminToken, body: made });
    if (answer.status !== 201) throw new Error(`a token: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { token: string }).token;
  }

  async json<Answer>(path: string): Promise<Answer> {
    const answer = await this.#start.send("GET", path, { token: this.adminToken });
    return (await answer.json()) as Answer;
  }

  /** Its clients end; what it counted last. */
  async endDemo(): Promise<string> {
    if (this.#demo.exitCode === null) {
      const ended = once(this.#demo, "exit");
      this.#signalDemo("SIGTERM");
      await Promise.race([ended, new Promise((after) => setTimeout(after, DEMO_END_MS_MAX))]);
    }
    return [...this.demoOutput.matchAll(/\d+ calls: .*/g)].at(-1)?.[0] ?? "";
  }

  async end(): Promise<void> {
    await this.endDemo();
    this.#signalDemo("SIGKILL");
    await this.#start.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #signalDemo(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.#demo.pid!, signal);
    } catch {
      // Gone already: what the signal was for.
    }
  }
}
