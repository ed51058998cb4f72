/**
 * Virtual environments with the libraries as pinned in requirements/, made once and kept outside of the tree:
 * in $XDG_CACHE_HOME/mcpg/dialects (else ~/.cache), under a name that changes with what is pinned.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Environment } from "./libraries.ts";

const run = promisify(execFile);
const INSTALL_MS_MAX = 10 * 60_000;
/** The first that is there: 3.11 is what the libraries ask for at least. */
const PYTHONS: readonly string[] = ["python3", "python3.11", "python3.12", "python3.13"];
const PROBE = "import sys, venv, ensurepip; assert sys.version_info >= (3, 11); print(sys.version)";
/** Written last: an installation that was broken off is made anew. */
const COMPLETE = "complete";

export interface Python {
  command: string;
  version: string;
}

/** Null where there is none that can make environments. */
export async function findPython(): Promise<Python | null> {
  for (const command of PYTHONS) {
    const version = await run(command, ["-c", PROBE]).then(
      ({ stdout }) => stdout.trim(),
      () => null,
    );
    if (version !== null) return { command, version };
  }
  return null;
}

/** The interpreter of an environment that has what is pinned. Fails where PyPI cannot be reached. */
export async function environmentOf(python: Python, name: Environment): Promise<string> {
  const requirements = join(import.meta.dirname, "requirements", `${name}.txt`);
  const pinned = await readFile(requirements, "utf8");
  const key = createHash("sha256").update(`${python.version}\n${pinned}`).digest("hex");
  const folder = join(cacheFolder(), `${name}-${key.slice(0, 16)}`);
  const interpreter = join(folder, "bin", "python");
  if (await isThere(join(folder, COMPLETE))) return interpreter;
  console.log(`dialects: installing ${name} into ${folder}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run(python.command, ["-m", "venv", folder], { timeout: INSTALL_MS_MAX });
  // All of it is pinned: there is nothing to resolve, which takes pip minutes.
  const install = ["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"];
  await run(interpreter, [...install, "-r", requirements], { timeout: INSTALL_MS_MAX });
  await writeFile(join(folder, COMPLETE), "");
  return interpreter;
}

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "mcpg", "dialects");
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Of what is installed: `fastmcp 4.2.3, mcp 2.3.0`. */
export async function versionsOf(
  interpreter: string,
  packages: readonly string[],
): Promise<string> {
  const script = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))";
  const { stdout } = await run(interpreter, ["-c", script, ...packages]);
  const versions = stdout.trim().split(" ");
  return packages.map((name, at) => `${name} ${versions[at]}`).join(", ");
}
