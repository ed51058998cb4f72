/**
 * A pack's bytes, wherever they come from. A file is read where it lies, each byte once. What cannot be read
 * twice (a pipe, a FIFO, standard input) is first copied into a file without a name.
 */
import { createWriteStream, open, read } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { reasonOf, SourceUnavailable } from "#cli/verify/no-verdict.ts";
import { cannotRead, openForReading, readChunks } from "#cli/verify/read-file.ts";
import type { TarInput } from "#formats/tar/tar-members.ts";

/** First bytes of what is compressed: the log may be whole, but a tar it is not. */
const COMPRESSED: readonly [string, string][] = [
  ["gzip", "1f8b"],
  ["bzip2", "425a68"],
  ["xz", "fd377a585a"],
  ["zstd", "28b52ffd"],
];

const openFile = promisify(open);
const readAt = promisify(read);

/** What it opens stays open until the run ends. */
export async function openPackInput(path: string): Promise<TarInput> {
  const { fd, isSeekable } = await openForReading(path);
  const input = fileInput(path, isSeekable ? fd : await copyOf(path, fd));
  const start = Buffer.from(await input.read(0, 8)).toString("hex");
  const compression = COMPRESSED.find(([, magic]) => start.startsWith(magic));
  if (compression === undefined) return input;
  throw new SourceUnavailable(`${path} is compressed (${compression[0]}): uncompress it first`);
}

function fileInput(path: string, fd: number): TarInput {
  return {
    async read(offset, length) {
      const bytes = Buffer.allocUnsafeSlow(length);
      let filled = 0;
      while (filled < length) {
        const bytesRead = await readAt(fd, bytes, filled, length - filled, offset + filled)
          .then((answer) => answer.bytesRead)
          .catch((error: unknown) => Promise.reject(cannotRead(path, error)));
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    },
  };
}

async function copyOf(path: string, fd: number): Promise<number> {
  try {
    const folder = await mkdtemp(join(tmpdir(), "mcpg-pack-"));
    const copy = await openFile(join(folder, "pack.tar"), "wx+", 0o600);
    await rm(folder, { recursive: true });
    await pipeline(readChunks(fd, path), createWriteStream("", { fd: copy, autoClose: false }));
    return copy;
  } catch (error) {
    if (error instanceof SourceUnavailable) throw error;
    const reason = `cannot copy ${path} to a file in ${tmpdir()} (${reasonOf(error)})`;
    throw new SourceUnavailable(reason, { cause: error });
  }
}
