/** A synthetic log as an export pack: its members as the service writes them, or as a test changes them. */
import { packTar } from "modern-tar";
import { packReadme, vkeyOfHead } from "#formats/ledger/pack-readme.ts";
import { inclusionProof } from "#formats/tlog/merkle-proof.ts";
import { formatTlogProof } from "#formats/tlog/tlog-proof.ts";
import { hashLines, type SyntheticLog } from "./synthetic-log.ts";

export type PackMembers = Map<string, string | Uint8Array>;

export interface ExportRange {
  from?: number;
  to?: number;
}

export function ndjson(lines: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));
}

/** In the order of the service: entries last. */
export function packMembers(log: SyntheticLog, range: ExportRange = {}): PackMembers {
  const { from = log.minimumIndex, to = log.size } = range;
  const summary = {
    origin: log.origin,
    from_seq: from,
    to_seq: to,
    tree_size: log.size,
    minimum_index: log.minimumIndex,
  };
  const members: PackMembers = new Map([
    ["README.md", readmeOf(log, from, to)],
    ["log.json", `${JSON.stringify(summary, null, 2)}\n`],
    ["keys.json", log.keysJson()],
    ["checkpoint", log.checkpoint ?? ""],
  ]);
  for (const size of log.cutoverSizes) {
    members.set(`checkpoints/${size}`, log.checkpoints.get(size) ?? "");
  }
  members.set("prefix", hashLines(log.peaks(from)));
  members.set("consistency", hashLines(log.consistency(to, log.size)));
  for (const seq of from === to ? [] : new Set([from, to - 1])) {
    members.set(`proofs/${seq}.tlog-proof`, proofOf(log, seq));
  }
  return members.set("entries.ndjson", ndjson(log.entries.slice(from, to)));
}

function readmeOf(log: SyntheticLog, fromSeq: number, toSeq: number): string {
  const { origin, size: treeSize, minimumIndex } = log;
  const keys = log.keys.map(({ seed, fromSize }) => ({ vkey: log.vkeyOf(seed), fromSize }));
  const vkey = vkeyOfHead(keys, treeSize);
  return packReadme({ origin, fromSeq, toSeq, treeSize, minimumIndex }, vkey);
}

export function proofOf(log: SyntheticLog, index: number): string {
  const hashes = inclusionProof(index, log.size, log.node);
  return formatTlogProof({ index, hashes, checkpoint: log.checkpoint ?? "" });
}

/** As the service makes a tar. */
export function tarOf(members: Iterable<[string, string | Uint8Array]>): Promise<Uint8Array> {
  return packTar(
    [...members].map(([name, content]) => {
      const body = typeof content === "string" ? Buffer.from(content) : content;
      return { header: { name, size: body.length }, body };
    }),
  );
}
