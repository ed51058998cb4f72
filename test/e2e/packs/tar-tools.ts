/** The tools by which people extract a pack, and what they make of one. */
import { execFile } from "node:child_process";
import { lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export const FORGE = join(import.meta.dirname, "forge.py");

/** Some tools make a hole of what a tar only claims to hold. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;

export interface TarTool {
  readonly name: string;
  /** Into its folder, of as many of the tars as it takes; a tar that it fails at is extracted in part. */
  extract(tars: readonly { tar: string; folder: string }[], scratch: string): Promise<void>;
}

/** A tool that writes to a FIFO waits for a reader. */
const EXTRACTION_MS_MAX = 2_000;
const ALL_MS_MAX = 60_000;

const eachBy = (command: string, ...options: string[]): TarTool["extract"] => {
  return async (tars) => {
    for (const { tar, folder } of tars) {
      const args = [...options, "-xf", tar, "-C", folder];
      await run(command, args, { timeout: EXTRACTION_MS_MAX }).catch(() => undefined);
    }
  };
};

const TOOLS: readonly (TarTool & { probe: [string, string] })[] = [
  { name: "GNU tar", probe: ["tar", "--version"], extract: eachBy("tar") },
  { name: "bsdtar", probe: ["bsdtar", "--version"], extract: eachBy("bsdtar") },
  { name: "busybox", probe: ["busybox", "--help"], extract: eachBy("busybox", "tar") },
  {
    name: "Python's tarfile",
    probe: ["python3", "--version"],
    async extract(tars, scratch) {
      const list = join(scratch, "list");
      await writeFile(list, tars.map(({ tar, folder }) => `${tar}\t${folder}\n`).join(""));
      await run("python3", [FORGE, "extract", list], { timeout: ALL_MS_MAX });
    },
  },
];

export async function isInstalled(command: string, argument: string): Promise<boolean> {
  return run(command, [argument]).then(
    () => true,
    () => false,
  );
}

export async function installedTools(): Promise<{ tools: TarTool[]; missing: string[] }> {
  const there = await Promise.all(TOOLS.map(({ probe }) => isInstalled(...probe)));
  return {
    tools: TOOLS.filter((_, at) => there[at]),
    missing: TOOLS.filter((_, at) => !there[at]).map(({ name }) => name),
  };
}

/** By the tars' paths, what the tool left in an empty folder. */
export async function extractAll(
  tool: TarTool,
  tars: readonly string[],
  scratch: string,
): Promise<Map<string, string>> {
  const folders = tars.map((tar, at) => ({ tar, folder: join(scratch, `extracted-${at}`) }));
  await Promise.all(folders.map(({ folder }) => mkdir(folder, { recursive: true })));
  await tool.extract(folders, scratch);
  const contents = new Map<string, string>();
  for (const { tar, folder } of folders) {
    contents.set(tar, await contentsOf(folder));
    await rm(folder, { recursive: true, force: true });
  }
  return contents;
}

/** Every file's path, kind and bytes, as one text that is the same for the same folder. */
async function contentsOf(folder: string): Promise<string> {
  return (await linesOf(Buffer.from(folder), "")).sort().join("\n");
}

/** Names may be any bytes. */
async function linesOf(folder: Buffer, shown: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, encoding: "buffer" });
  const lines = entries.map(async (entry) => {
    const path = Buffer.concat([folder, Buffer.from("/"), entry.name]);
    const name = `${shown}/${entry.name.toString("latin1")}`;
    if (entry.isDirectory()) return linesOf(path, name);
    const { size } = await lstat(path);
    if (!entry.isFile() || size > FILE_BYTES_MAX) return [`${name} no file of a pack`];
    return [`${name} ${await readFile(path, "base64")}`];
  });
  return (await Promise.all(lines)).flat();
}
