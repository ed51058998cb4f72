/** One run of @modelcontextprotocol/conformance, by its own program: what each of its checks said. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { endWithUs } from "../end-with-us.ts";
import { packageFile } from "./node-process.ts";

const PACKAGE = "@modelcontextprotocol/conformance";
const PROGRAM = packageFile(PACKAGE, "dist/index.js");
const RUN_MS_MAX = 300_000;
const STAMP = /-\d{4}-\d{2}-\d{2}T[\d-]+Z$/;

export type Revision = "2025-11-25" | "2026-07-28";

export interface ConformanceCheck {
  scenario: string;
  id: string;
  name: string;
  status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  errorMessage?: string;
}

/** Those of its scenarios for servers that a revision requires, and those that it only looks at. */
export async function runServerScenarios(url: string, revision: Revision) {
  const args = ["server", "--url", url, "--requirements", revision];
  return runIntoFolder(args, {}, (name) => name.replace(/^server-/, ""));
}

/** `command` is called with the address of the suite's own server behind it. */
export async function runClientScenario(
  command: string,
  { scenario, revision }: { scenario: string; revision: Revision },
  env: Record<string, string>,
): Promise<ConformanceCheck[]> {
  const wanted = ["--scenario", scenario, "--spec-version", revision];
  const checks = await runIntoFolder(
    ["client", "--command", command, ...wanted],
    env,
    () => scenario,
  );
  return checks;
}

export async function requiredScenarios(leg: "server" | "client", revision: Revision) {
  const file = packageFile(PACKAGE, `requirements/${revision}.yaml`);
  const sets = parse(await readFile(file, "utf8")) as Record<string, string[]>;
  return new Set(sets[leg]);
}

async function runIntoFolder(
  args: readonly string[],
  env: Record<string, string>,
  scenarioOf: (name: string) => string,
): Promise<ConformanceCheck[]> {
  const folder = await mkdtemp(join(tmpdir(), "mcpg-conformance-"));
  try {
    const output = await run([PROGRAM, ...args, "--output-dir", folder], env);
    const results = await readdir(folder);
    const checks = await Promise.all(
      results.map(async (name) => {
        const scenario = scenarioOf(name.replace(STAMP, ""));
        const text = await readFile(join(folder, name, "checks.json"), "utf8");
        return (JSON.parse(text) as ConformanceCheck[]).map((check) => ({ ...check, scenario }));
      }),
    );
    if (checks.flat().length === 0) throw new Error(`the conformance suite ran nothing: ${output}`);
    return checks.flat();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** It ends with 1 where a check failed, which its results say better. */
async function run(args: readonly string[], env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: RUN_MS_MAX,
  });
  endWithUs(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output = (output + chunk).slice(-2_000);
    });
  }
  await once(child, "close");
  return output;
}
