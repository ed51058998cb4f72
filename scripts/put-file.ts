// A built file, put in place whole: whoever serves or loads it meanwhile sees the one before or this one.
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Under `dist`, where it is made first. */
export function putFile(path: string, contents: Uint8Array): void {
  if (isThere(path, contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const aside = join("dist", `.${randomUUID()}`);
  writeFileSync(aside, contents);
  renameSync(aside, path);
}

function isThere(path: string, contents: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(contents);
  } catch {
    return false;
  }
}
