import { constants, createReadStream, fstat, open } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { reasonOf, SourceUnavailable } from "./no-verdict.ts";
import { utf8Text } from "./utf8-text.ts";

const openFile = promisify(open);
const statOf = promisify(fstat);

/**
 * By this name it cannot be opened where it is a socket, and by its number not read where npm has made it
 * non-blocking: the process's own stream reads it in any case.
 */
const STANDARD_INPUT = { path: "/dev/stdin", fd: 0 };

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

/** Never a folder, of which only reading would tell that it is none. */
export async function openForReading(path: string): Promise<{ fd: number; isSeekable: boolean }> {
  const fd = path === STANDARD_INPUT.path ? STANDARD_INPUT.fd : await openOrRefuse(path);
  const stats = await statOf(fd);
  if (stats.isDirectory()) throw new SourceUnavailable(`${path} is a folder, not a file`);
  return { fd, isSeekable: stats.isFile() };
}

/** Read once, from the first byte to the last. */
export async function* readChunks(fd: number, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* fd === STANDARD_INPUT.fd ? process.stdin : createReadStream("", { fd });
  } catch (error) {
    throw cannotRead(path, error);
  }
}

export function cannotRead(path: string, error: unknown): SourceUnavailable {
  return new SourceUnavailable(`cannot read ${path} (${reasonOf(error)})`, { cause: error });
}

async function openOrRefuse(path: string): Promise<number> {
  try {
    return await openFile(path, "r");
  } catch (error) {
    throw cannotRead(path, error);
  }
}
