/**
 * An export pack: a tar of evidence and entries. All its headers and its evidence are read first, so that the
 * order of its members does not matter and nothing in it is overlooked; then the entries, once.
 */

import type { LogSource, SourceEvidence } from "#cli/verify/log-source.ts";
import { MissingEntries } from "#cli/verify/no-verdict.ts";
import { readEntryLines } from "#cli/verify/read-entry-lines.ts";
import {
  type CheckpointNote,
  type ExportSummary,
  type ListedKey,
  parseCheckpointNote,
  parseExportSummary,
  parseHashLines,
  parseKeyList,
} from "#formats/ledger/evidence.ts";
import type { TarInput } from "#formats/tar/tar-members.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { findCompanionFaults, proofName, provenSeqs, README } from "./pack-companions.ts";
import { ENTRIES, indexPack, type PackIndex } from "./pack-index.ts";

/** Enough that reading costs nothing beside hashing. */
const CHUNK_BYTES = 256 * 1024;

export async function openPack(input: TarInput): Promise<LogSource> {
  const reader = new PackReader(input, await indexPack(input));
  return {
    evidence: reader.evidence(),
    remarks: reader.remarks(),
    entries: () => reader.entries(),
    judgeCompanions: () => reader.judgeCompanions(),
    locateRewrite: async () => null,
  };
}

class PackReader {
  readonly #input: TarInput;
  readonly #index: PackIndex;
  readonly #missing: string[] = [];
  readonly #damaged: string[] = [];
  readonly #summary: ExportSummary | null;
  readonly #checkpoint: CheckpointNote | null;
  readonly #keys: readonly ListedKey[] | null;
  /** Of the entries that the pack has proofs of. */
  readonly #leaves = new Map<number, Uint8Array>();

  constructor(input: TarInput, index: PackIndex) {
    this.#input = input;
    this.#index = index;
    this.#damaged.push(...index.refused);
    if (index.cut !== null) this.#missing.push(`the pack breaks off: ${index.cut}`);
    if (index.entries === null) this.#miss(ENTRIES);
    this.#summary = this.#read("log.json", parseExportSummary);
    this.#checkpoint = this.#read("checkpoint", parseCheckpointNote);
    this.#keys = this.#read("keys.json", parseKeyList);
  }

  evidence(): SourceEvidence {
    const summary = this.#summary;
    const checkpoint = this.#checkpoint;
    if (summary !== null && checkpoint !== null) this.#compare(summary, checkpoint);
    const { fromSeq, toSeq } = summary ?? { fromSeq: 0, toSeq: null };
    const prefix = this.#read("prefix", parseHashLines);
    const consistency = this.#read("consistency", parseHashLines);
    const cutovers = this.#cutovers(checkpoint?.checkpoint.size ?? 0);
    this.#requireCompanions();
    return {
      missing: this.#missing,
      damaged: this.#damaged,
      checkpoint,
      keys: this.#keys ?? [],
      cutovers,
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

  remarks(): readonly string[] {
    const time = this.#summary?.time;
    if (time === undefined) return [];
    const from = time.from === null ? "" : ` from ${time.from}`;
    const to = time.to === null ? "" : ` before ${time.to}`;
    return [
      `taken by time: what occurred${from}${to}, as the server found it; only all of the log shows all of it`,
    ];
  }

  async *entries(): AsyncGenerator<readonly Uint8Array[]> {
    const proven = this.#summary === null ? [] : provenSeqs(this.#summary);
    let end = this.#summary?.fromSeq ?? 0;
    for await (const lines of readEntryLines(this.#chunks())) {
      for (const seq of proven) {
        const line = lines[seq - end];
        if (line !== undefined) this.#leaves.set(seq, leafHash(line));
      }
      end += lines.length;
      yield lines;
    }
  }

  judgeCompanions(): readonly string[] {
    const [summary, checkpoint] = [this.#summary, this.#checkpoint];
    if (summary === null || checkpoint === null) return [];
    const keys = this.#keys ?? [];
    const { texts } = this.#index;
    return findCompanionFaults({ texts, summary, keys, checkpoint, leaves: this.#leaves });
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    const { entries } = this.#index;
    if (entries === null) throw new MissingEntries(`the pack has no ${ENTRIES}`);
    const end = entries.offset + entries.size;
    for (let at = entries.offset; at < end; ) {
      const bytes = await this.#input.read(at, Math.min(CHUNK_BYTES, end - at));
      if (bytes.length === 0) throw new MissingEntries("the entries break off");
      yield bytes;
      at += bytes.length;
    }
  }

  #cutovers(size: number): Map<number, CheckpointNote> {
    const cutovers = new Map<number, CheckpointNote>();
    for (const { toSize } of this.#keys ?? []) {
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

  /** Whether they are right is told later. */
  #requireCompanions(): void {
    const proofs = this.#summary === null ? [] : provenSeqs(this.#summary).map(proofName);
    for (const name of [README, ...proofs]) if (!this.#index.texts.has(name)) this.#miss(name);
  }

  #read<Value>(name: string, parse: (text: string) => Value | null): Value | null {
    const text = this.#index.texts.get(name);
    if (text === undefined) return this.#miss(name);
    const value = text === null ? null : parse(text);
    if (value === null) this.#damaged.push(`${name} in the pack is malformed`);
    return value;
  }

  /** Of a pack that is refused nobody knows what it has. */
  #miss(name: string): null {
    if (this.#index.refused.length === 0) this.#missing.push(`the pack has no ${name}`);
    return null;
  }
}
