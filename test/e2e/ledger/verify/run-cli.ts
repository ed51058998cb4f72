/** Runs the real command as a child process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checks } from "../../checks.ts";

const COMMAND = join(import.meta.dirname, "../../../../src/cli/verify.ts");
/** Two cores, and the server in this process. */
const RUNS_AT_ONCE = 3;

export interface CliRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CliReport {
  outcome: string;
  exit_code: number;
  verdicts: Record<string, string>;
  findings: { code: string; message: string; failure: string }[];
  first_bad_entry: { seq: number; last_seq: number; code: string; line: string } | null;
  first_rewritten_entry: { seq: number; is_proven: boolean } | null;
  entries: { from_seq: number; to_seq: number };
}

export interface Expected {
  code: number;
  /** Codes of all findings, in order. */
  findings?: readonly string[];
  /** First and last of the entries that are named. */
  bad?: readonly [number, number];
  /** First entry of a rewritten history. */
  rewritten?: number;
  verdicts?: Record<string, string>;
}

export interface CliCase {
  name: string;
  args: readonly string[];
  expected: Expected;
}

export async function runCli(
  args: readonly string[],
  nodeArgs: readonly string[] = [],
): Promise<CliRun> {
  // Synthetic logs, and those of a suite, are pruned seconds after they began: nobody promised their entries anything.
  const promised = args.includes("--retention") ? args : ["--retention", "0", ...args];
  const child = spawn(process.execPath, [...nodeArgs, COMMAND, ...promised], {
    stdio: ["ignore", "pipe", "pipe"],
    // Half of a run is reading the modules.
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "mcpg-verify-modules") },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** Each case is a run; one that is not as expected is a failed check, the others are counted. */
export async function checkCases(checks: Checks, title: string, cases: CliCase[]): Promise<void> {
  const waiting = [...cases.entries()];
  const problems: string[][] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, { name, args, expected }] = next;
      problems[at] = (await problemsOf(args, expected)).map((problem) => `${name}: ${problem}`);
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, work));
  checks.report(title, problems.flat(), `${cases.length} runs`);
}

async function problemsOf(args: readonly string[], expected: Expected): Promise<string[]> {
  const run = await runCli([...args, "--json"]);
  if (run.code !== expected.code) return [`exit code ${run.code}: ${run.stdout}${run.stderr}`];
  if (run.code >= 60) return run.stderr.includes("    at ") ? [`a stack: ${run.stderr}`] : [];
  const report = JSON.parse(run.stdout) as CliReport;
  const { bad, findings, rewritten, verdicts } = expected;
  const found = report.findings.map(({ code }) => code);
  return [
    ...differences("exit_code", report.exit_code, expected.code),
    ...(findings === undefined ? [] : differences("findings", found, findings)),
    ...(bad === undefined ? [] : differences("bad entry", badOf(report), bad)),
    ...(rewritten === undefined
      ? []
      : differences("rewritten", report.first_rewritten_entry, {
          seq: rewritten,
          is_proven: true,
        })),
    ...Object.entries(verdicts ?? {}).flatMap(([aspect, verdict]) =>
      differences(aspect, report.verdicts[aspect], verdict),
    ),
  ];
}

function badOf({ first_bad_entry: bad }: CliReport): [number, number] | null {
  return bad === null ? null : [bad.seq, bad.last_seq];
}

function differences(what: string, got: unknown, expected: unknown): string[] {
  const [gotText, expectedText] = [JSON.stringify(got), JSON.stringify(expected)];
  return gotText === expectedText ? [] : [`${what} is ${gotText}, not ${expectedText}`];
}
