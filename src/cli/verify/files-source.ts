/** A log in single files: an NDJSON export, a checkpoint, and what else a verification goes by. */
import {
  type CheckpointNote,
  parseCheckpointNote,
  parseHashLines,
  parseKeyList,
} from "#formats/ledger/evidence.ts";
import type { LogSource } from "./log-source.ts";
import type { FilesOptions } from "./options.ts";
import { readEntryLines } from "./read-entry-lines.ts";
import { openForReading, readChunks, readText } from "./read-file.ts";

const NO_PREFIX = "entries that begin above 0 take a --prefix, to be tied to the checkpoint";

export async function openFiles(options: FilesOptions): Promise<LogSource> {
  const { fd } = await openForReading(options.entries);
  const damaged: string[] = [];
  const read = async <Value>(
    path: string | null,
    parse: (text: string) => Value | null,
  ): Promise<Value | null> => {
    if (path === null) return null;
    const text = await readText(path);
    const value = text === null ? null : parse(text);
    if (value === null) damaged.push(`${path} is malformed`);
    return value;
  };
  const cutovers = new Map<number, CheckpointNote>();
  for (const path of options.cutovers) {
    const cutover = await read(path, parseCheckpointNote);
    if (cutover !== null) cutovers.set(cutover.checkpoint.size, cutover);
  }
  const { fromSeq } = options;
  const evidence = {
    missing: fromSeq > 0 && options.prefix === null ? [NO_PREFIX] : [],
    damaged,
    checkpoint: await read(options.checkpoint, parseCheckpointNote),
    keys: (await read(options.keys, parseKeyList)) ?? [],
    cutovers,
    origin: null,
    fromSeq,
    toSeq: null,
    // Files do not say where the log begins: an announced pruning does.
    minimumIndex: fromSeq,
    prefix: (await read(options.prefix, parseHashLines)) ?? (fromSeq === 0 ? [] : null),
    consistency: await read(options.consistency, parseHashLines),
    earlierProofs: new Map(),
    unsigned: null,
  };
  return {
    evidence,
    remarks: [],
    entries: () => readEntryLines(readChunks(fd, options.entries)),
    judgeCompanions: () => [],
    locateRewrite: async () => null,
  };
}
