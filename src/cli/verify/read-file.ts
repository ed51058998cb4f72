import { access, constants, readFile } from "node:fs/promises";
import { reasonOf, SourceUnavailable } from "./no-verdict.ts";

/** Null for a file that is not UTF-8. */
export async function readText(path: string): Promise<string | null> {
  try {
    return utf8Text(await readFile(path));
  } catch (error) {
    throw cannotRead(path, error);
  }
}

export async function requireReadable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    throw cannotRead(path, error);
  }
}

function cannotRead(path: string, error: unknown): SourceUnavailable {
  return new SourceUnavailable(`cannot read ${path} (${reasonOf(error)})`, { cause: error });
}

/** A byte order mark stays, and is refused by whoever parses: signed bytes have one text. */
export function utf8Text(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
