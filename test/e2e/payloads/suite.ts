/** Payloads sealed by this code, opened by another: docs/payloads/open_payload.py, which needs nothing of ours. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Checks, type Verdict } from "../checks.ts";
import { missingPython, pythonVenv } from "../python-venv.ts";
import { runProgram } from "../run-program.ts";

const VECTORS = "docs/payloads/vectors.json";
const OPENER = "docs/payloads/open_payload.py";
const OPENER_LINES_MAX = 40;

export async function runPayloadsSuite(): Promise<Verdict> {
  const checks = new Checks("payloads");
  const lines = (await readFile(OPENER, "utf8")).trimEnd().split("\n").length;
  checks.within("another language opens a payload in 40 lines", lines, 1, OPENER_LINES_MAX);
  const python = await installed(checks);
  if (python !== null) await checkVectors(checks, python);
  return checks.verdict;
}

async function checkVectors(checks: Checks, python: string): Promise<void> {
  const vectors = JSON.parse(await readFile(VECTORS, "utf8")) as { name: string }[];
  const printed = await runProgram(python, [OPENER, VECTORS]).catch(
    (error: Error) => error.message,
  );
  const expected = vectors.map(({ name }) => `opened: ${name}\n`).join("");
  checks.equal("Python's cryptography opens the known answers", printed, expected);
}

/** Loudly null where there is no Python, or nothing to install from; where CI runs that is a failure. */
async function installed(checks: Checks): Promise<string | null> {
  try {
    const missing = missingPython();
    if (missing.length > 0) throw new Error(`there is no ${missing.join(", ")}`);
    return await pythonVenv("payloads", join(import.meta.dirname, "requirements.txt"));
  } catch (error) {
    const why = String((error as Error).message).slice(0, 500);
    if (process.env["CI"] === "true") checks.report("Python can open payloads", [why]);
    else console.log(`SKIPPED payloads: no Python to open the known answers with: ${why}`);
    return null;
  }
}
