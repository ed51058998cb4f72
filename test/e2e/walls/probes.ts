/** Small files that import everything in every way, and the lines of them that Biome refuses. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** Each makes one line. Biome does not look into `import("…")` as a type: the suite has src free of it. */
export const KINDS: Readonly<Record<string, (target: string) => string>> = {
  "value-import": (target) => `import { a } from "${target}";`,
  "type-import": (target) => `import type { A } from "${target}";`,
  "side-effect": (target) => `import "${target}";`,
  "dynamic-import": (target) => `export const load = () => import("${target}");`,
  "re-export": (target) => `export { a } from "${target}";`,
  "type-re-export": (target) => `export type { A } from "${target}";`,
};

const BIOME = resolve("node_modules/.bin/biome");
const CONFIGURATION = ["biome.json", "scripts/walls/walls.json"];
const RULE = "style/noRestrictedImports";
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

interface Diagnostic {
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

/** `src/calls/type-import.ts #audit/file.ts`, for each import that is refused. */
export async function refusedImports(
  folders: readonly string[],
  targets: readonly string[],
): Promise<Set<string>> {
  const project = await mkdtemp(join(tmpdir(), "mcpg-walls-"));
  try {
    for (const file of CONFIGURATION) await cp(file, join(project, file), { recursive: true });
    for (const folder of folders) await writeProbes(project, folder, targets);
    const refused = await lint(project);
    return new Set(refused.map(([path, line]) => importName(path, targets[line - 1]!)));
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

export function probePath(folder: string, kind: string): string {
  return join("src", folder, `${kind}.ts`);
}

export function importName(path: string, target: string): string {
  return `${path} ${target}`;
}

async function writeProbes(
  project: string,
  folder: string,
  targets: readonly string[],
): Promise<void> {
  for (const [kind, write] of Object.entries(KINDS)) {
    const path = join(project, probePath(folder, kind));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, targets.map((target) => `${write(target)}\n`).join(""));
  }
}

/** Paths and lines. Biome ends with 1 where it finds something, which is what it is here for. */
async function lint(project: string): Promise<[string, number][]> {
  const args = ["lint", `--only=${RULE}`, "--vcs-enabled=false", "--max-diagnostics=none"];
  const { promise: output, resolve: end } = Promise.withResolvers<string>();
  const options = { cwd: project, maxBuffer: OUTPUT_BYTES_MAX };
  execFile(BIOME, [...args, "--reporter=json", "."], options, (_, stdout) => end(stdout));
  const { diagnostics } = JSON.parse(await output) as { diagnostics: Diagnostic[] };
  return diagnostics.map(({ location }) => [location.path, location.start.line]);
}
