/** The Python of an environment that has what a requirements.txt pins, from PyPI, made once a machine. */
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cachedFolder } from "./cached-folder.ts";
import { runProgram } from "./run-program.ts";

/** The oldest that today's releases of FastMCP, `mcp` and their HTTP client run on. */
const IS_USABLE = "import ensurepip, sys, venv; assert sys.version_info >= (3, 11)";

/** What cannot be run here. */
export function missingPython(): string[] {
  const { status } = spawnSync("python3", ["-c", IS_USABLE]);
  return status === 0 ? [] : ["Python 3.11 or later with venv"];
}

export async function pythonVenv(name: string, requirements: string): Promise<string> {
  const version = await runProgram("python3", ["--version"]);
  const pins = await readFile(requirements, "utf8");
  const folder = await cachedFolder(`python-${name}`, [version, pins], async (made) => {
    await runProgram("python3", ["-m", "venv", made]);
    const quietly = ["--quiet", "--disable-pip-version-check", "--no-deps"];
    const install = ["-m", "pip", "install", ...quietly, "--requirement", requirements];
    await runProgram(pythonOf(made), install);
  });
  return pythonOf(folder);
}

/** As `pip freeze` writes it. */
export async function pinnedVersion(requirements: string, name: string): Promise<string> {
  const pins = (await readFile(requirements, "utf8")).split("\n");
  const pin = pins.find((line) => line.startsWith(`${name}==`));
  if (pin === undefined) throw new Error(`${requirements} does not pin ${name}`);
  return pin.slice(name.length + 2);
}

function pythonOf(folder: string): string {
  return join(folder, "bin", "python");
}
