/**
 * An export pack: a tar of evidence and entries. It is read twice, first for the evidence, so that the
 * order of its members does not matter and a second member of a name is not overlooked.
 */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { createTarDecoder } from "modern-tar";
import {
  type CheckpointNote,
  type ExportSummary,
  type ListedKey,
  parseCheckpointNote,
  parseExportSummary,
  parseHashLines,
  parseKeyList,
} from "#formats/ledger/evidence.ts";
import type { LogSource, SourceEvidence } from "./log-source.ts";
import { MissingEntries, reasonOf } from "./no-verdict.ts";
import { readEntryLines } from "./read-entry-lines.ts";
import { requireReadable, utf8Text } from "./read-file.ts";

const ENTRIES = "entries.ndjson";
/** Far above what a member of evidence needs: a larger member is none. */
const MEMBER_BYTES_MAX = 4 * 1024 * 1024;

interface Member {
  readonly name: string;
  readonly size: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export async function openPack(file: string): Promise<LogSource> {
  await requireReadable(file);
  const reader = new PackReader();
  await reader.readAll(file);
  return {
    evidence: reader.evidence(),
    remarks: [],
    entries: () => readEntryLines(entryChunks(file)),
    locateRewrite: async () => null,
  };
}

class PackReader {
  /** The texts of the members of evidence by name; null for one that is not UTF-8. */
  readonly #members = new Map<string, string | null>();
  readonly #missing: string[] = [];
  readonly #damaged: string[] = [];

  async readAll(file: string): Promise<void> {
    const names = new Set<string>();
    try {
      for await (const member of membersOf(file)) {
        const { name } = member;
        if (names.has(name)) this.#damaged.push(`the pack has two members ${name}`);
        names.add(name);
        if (isEvidence(member)) this.#members.set(name, await memberText(member));
      }
    } catch (error) {
      this.#missing.push(`the pack breaks off: ${reasonOf(error)}`);
    }
    if (!names.has(ENTRIES)) this.#missing.push(`the pack has no ${ENTRIES}`);
  }

  evidence(): SourceEvidence {
    const summary = this.#read("log.json", parseExportSummary);
    const checkpoint = this.#read("checkpoint", parseCheckpointNote);
    if (summary !== null && checkpoint !== null) this.#compare(summary, checkpoint);
    const keys = this.#read("keys.json", parseKeyList) ?? [];
    const { fromSeq, toSeq } = summary ?? { fromSeq: 0, toSeq: null };
    const prefix = this.#read("prefix", parseHashLines);
    const consistency = this.#read("consistency", parseHashLines);
    return {
      missing: this.#missing,
      damaged: this.#damaged,
      checkpoint,
      keys,
      cutovers: this.#cutovers(keys, checkpoint?.checkpoint.size ?? 0),
      origin: summary?.origin ?? null,
      fromSeq,
      toSeq,
      minimumIndex: summary?.minimumIndex ?? fromSeq,
      prefix: summary === null ? null : prefix,
      consistency,
      earlierProofs: new Map(),
      unsigned: null,
    };
  }

  #cutovers(keys: readonly ListedKey[], size: number): Map<number, CheckpointNote> {
    const cutovers = new Map<number, CheckpointNote>();
    for (const { toSize } of keys) {
      if (toSize === null || toSize > size) continue;
      const cutover = this.#read(`checkpoints/${toSize}`, parseCheckpointNote);
      if (cutover !== null) cutovers.set(toSize, cutover);
    }
    return cutovers;
  }

  #compare({ treeSize }: ExportSummary, { checkpoint }: CheckpointNote): void {
    if (treeSize === checkpoint.size) return;
    const message = `log.json says that the log has ${treeSize} entries, the checkpoint ${checkpoint.size}`;
    this.#damaged.push(message);
  }

  #read<Value>(name: string, parse: (text: string) => Value | null): Value | null {
    const text = this.#members.get(name);
    if (text === undefined) {
      this.#missing.push(`the pack has no ${name}`);
      return null;
    }
    const value = text === null ? null : parse(text);
    if (value === null) this.#damaged.push(`${name} in the pack is malformed`);
    return value;
  }
}

async function* membersOf(file: string): AsyncGenerator<Member> {
  const decoder = createTarDecoder({ strict: true });
  const bytes = Readable.toWeb(createReadStream(file)) as unknown as ReadableStream<Uint8Array>;
  for await (const { header, body } of bytes.pipeThrough(decoder)) {
    // Tools that pack a folder write ./ before the names.
    const name = header.name.replace(/^\.\//, "");
    if (header.type === "file") yield { name, size: header.size, body };
    await drain(body);
  }
}

async function* entryChunks(file: string): AsyncGenerator<Uint8Array> {
  for await (const { name, body } of membersOf(file)) {
    if (name !== ENTRIES) continue;
    yield* body;
    return;
  }
  throw new MissingEntries(`the pack has no ${ENTRIES}`);
}

function isEvidence({ name, size }: Member): boolean {
  return name !== ENTRIES && !name.startsWith("proofs/") && size <= MEMBER_BYTES_MAX;
}

async function memberText({ body }: Member): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return utf8Text(Buffer.concat(chunks));
}

/**
 * The next member comes when this one is read. The body is not cancelled: modern-tar reads ahead, and would
 * then drop the body of the member that it has come to.
 */
async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  while (!(await reader.read()).done);
}
