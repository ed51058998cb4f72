/**
 * What a suite builds of others' software (an environment of Python packages, a Go program) is kept beside
 * the tree, by what it was made of: a clean clone on the same machine finds it there.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

export async function cachedFolder(
  name: string,
  madeOf: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const digest = createHash("sha256").update(JSON.stringify(madeOf)).digest("hex");
  const base = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "mcpg");
  const folder = join(base, `${name}-${digest.slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  // Whole or not at all: what died while it was made lies under another name.
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    await make(unfinished);
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another suite's, made meanwhile.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
