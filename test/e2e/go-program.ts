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
