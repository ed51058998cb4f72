/** A Go program of modules from the Go proxy, built once a machine. */
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cachedFolder } from "./cached-folder.ts";
import { runProgram } from "./run-program.ts";

/** What cannot be run here. */
export function missingGo(): string[] {
  return spawnSync("go", ["version"]).status === 0 ? [] : ["Go"];
}

/** Of the folder of a module, whose program is all in main.go. */
export async function goProgram(name: string, source: string): Promise<string> {
  const files = ["go.mod", "go.sum", "main.go"];
  const texts = await Promise.all(files.map((file) => readFile(join(source, file), "utf8")));
  const version = await runProgram("go", ["version"]);
  const folder = await cachedFolder(`go-${name}`, [version, ...texts], async (made) => {
    await runProgram("go", ["build", "-o", join(made, name), "."], source);
  });
  return join(folder, name);
}

/** Of a module that the go.mod of a folder requires. */
export async function goModuleVersion(source: string, module: string): Promise<string> {
  const lines = (await readFile(join(source, "go.mod"), "utf8")).split("\n");
  const line = lines.find((text) => text.trim().startsWith(`${module} `));
  if (line === undefined) throw new Error(`${source} does not require ${module}`);
  return line.trim().slice(module.length + 1);
}

/** Nothing, said in one line, where Go, the modules or what is made of them cannot be had: of a bench's peers. */
export async function madeWithGo<Made>(
  what: string,
  make: () => Promise<Made>,
): Promise<Made | undefined> {
  try {
    const missing = missingGo();
    if (missing.length > 0) throw new Error(`${missing.join(" and ")} cannot be run here`);
    return await make();
  } catch (error) {
    const said = (error as Error).message.trim().split("\n");
    console.log(`SKIPPED ${what}: ${said.at(-1)}`);
    return undefined;
  }
}
