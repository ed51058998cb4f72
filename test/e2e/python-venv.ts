/** The Python of an environment that has what a requirements.txt pins, from PyPI, made once a machine. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { cachedFolder } from "./cached-folder.ts";
import { runProgram } from "./run-program.ts";

/** The oldest that today's releases of FastMCP, `mcp` and their HTTP client run on. */
const IS_USABLE = "import ensurepip, sys, venv; assert sys.version_info >= (3, 11)";

/** Where pyenv keeps versions of which no shell was told. */
const PYENV_VERSIONS = join(homedir(), ".pyenv", "versions");

/** What cannot be run here. */
export function missingPython(): string[] {
  const { status } = spawnSync("python3", ["-c", IS_USABLE]);
  return status === 0 ? [] : ["Python 3.11 or later with venv"];
}

/** A Python of one of these versions (`3.13`), for a package that does not run on all. */
export function findPython(versions: readonly string[]): string | undefined {
  const kept = existsSync(PYENV_VERSIONS) ? readdirSync(PYENV_VERSIONS) : [];
  const programs = [
    "python3",
    ...versions.map((version) => `python${version}`),
    ...kept.map((version) => pythonOf(join(PYENV_VERSIONS, version))),
  ];
  const wanted = JSON.stringify(versions);
  const isWanted = `import ensurepip, sys, venv; assert "%d.%d" % sys.version_info[:2] in ${wanted}`;
  return programs.find((program) => spawnSync(program, ["-c", isWanted]).status === 0);
}

export async function pythonVenv(
  name: string,
  requirements: string,
  program = "python3",
): Promise<string> {
  const version = await runProgram(program, ["--version"]);
  const pins = await readFile(requirements, "utf8");
  const folder = await cachedFolder(`python-${name}`, [version, pins], async (made) => {
    await runProgram(program, ["-m", "venv", made]);
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
