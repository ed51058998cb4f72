/** Packs whose files were changed after they were extracted, or before: the README is the honest one. */
import { entryHash, GENESIS_HASH } from "#formats/ledger/entry.ts";
import { entryBytes, SyntheticLog } from "../../harness/synthetic-log.ts";
import {
  type ExportRange,
  ndjson,
  type PackMembers,
  packMembers,
  proofOf,
} from "../../harness/synthetic-pack.ts";

type Lines = readonly Uint8Array[];

export const MALLORY = "user:mallory@acme";

/** By name; of a pack of one entry, those that one entry allows. */
export function* forgedPacks(
  log: SyntheticLog,
  range: ExportRange = {},
): Generator<[string, PackMembers]> {
  const { from = log.minimumIndex, to = log.size } = range;
  const lines = log.entries.slice(from, to);
  const changed = (name: string, content: string | Uint8Array) =>
    packMembers(log, range).set(name, content);
  for (const [name, forged] of forgedLines(lines)) yield [name, changed("entries.ndjson", forged)];
  yield* withOtherProofs(log, { from, to }, changed);
  yield* withOtherHeads(log, changed);
  yield ["its own tree beside an honest checkpoint", rewritten(log, { from, to })];
}

function* forgedLines(lines: Lines): Generator<[string, Uint8Array]> {
  const middle = Math.floor(lines.length / 2);
  const last = lines.length - 1;
  yield ["the last line changed", ndjson(lines.with(last, forgery(lines[last]!)))];
  yield ["a line inserted after the last", ndjson([...lines, follower(lines[last]!)])];
  yield ["one without a line end", Buffer.concat([ndjson(lines), follower(lines[last]!)])];
  yield ["an empty line at the end", Buffer.concat([ndjson(lines), Buffer.from("\n")])];
  yield ["no line end at the end", ndjson(lines).subarray(0, -1)];
  yield ["the last line removed", ndjson(lines.slice(0, -1))];
  yield ["all lines removed", new Uint8Array(0)];
  yield ["a NUL in the last line", withNul(lines, last)];
  yield ["CRLF line ends", Buffer.from(`${Buffer.from(ndjson(lines))}`.replaceAll("\n", "\r\n"))];
  yield ["all changed, hashes recomputed", ndjson(rechained(lines, 0, lines))];
  if (lines.length < 3) return;
  yield ["a line changed", ndjson(lines.with(middle, forgery(lines[middle]!)))];
  yield ["a line changed, hashes recomputed", ndjson(rechained(lines, middle, lines))];
  const inserted = lines.toSpliced(middle, 0, forgery(lines[middle]!));
  yield ["a line inserted", ndjson(inserted)];
  yield ["a line inserted, hashes recomputed", ndjson(rechained(inserted, middle, inserted))];
  yield ["a line twice", ndjson(lines.toSpliced(middle, 0, lines[middle]!))];
  yield ["two lines swapped", ndjson(lines.with(0, lines[1]!).with(1, lines[0]!))];
  yield ["the first line removed", ndjson(lines.slice(1))];
  yield ["a line removed", ndjson(lines.toSpliced(middle, 1))];
  yield ["a NUL in a line", withNul(lines, middle)];
}

function* withOtherProofs(
  log: SyntheticLog,
  { from, to }: Required<ExportRange>,
  changed: (name: string, content: string | Uint8Array) => PackMembers,
): Generator<[string, PackMembers]> {
  const name = `proofs/${to - 1}.tlog-proof`;
  const proof = proofOf(log, to - 1);
  const surplus = proof.replace("\n\n", `\n${"A".repeat(43)}=\n\n`);
  yield ["a hash too many in the proof", changed(name, surplus)];
  // Of a log of one entry the leaf is the root, and a proof has nothing to say.
  if (log.size < 3) return;
  yield ["no proof", changed(name, "")];
  yield ["the proof of another entry", changed(name, proofOf(log, to - 2))];
  yield ["a hash too few in the proof", changed(name, proof.replace(/\n[^\n]*\n\n/, "\n\n"))];
  const damaged = proof.replace(/(index .*\n)[^\n]*/, "$1*");
  yield ["a hash in the proof that is none", changed(name, damaged)];
  const cut = changed("entries.ndjson", ndjson(log.entries.slice(from, to - 1)));
  yield ["the end removed, and its proof replaced", cut.set(name, proofOf(log, to - 2))];
}

function* withOtherHeads(
  log: SyntheticLog,
  changed: (name: string, content: string | Uint8Array) => PackMembers,
): Generator<[string, PackMembers]> {
  const note = log.checkpoint ?? "";
  const other = new SyntheticLog({ org: "other" }).append(log.size).sign();
  yield ["the checkpoint of another log", changed("checkpoint", other.checkpoint ?? "")];
  const mallory = new SyntheticLog({ key: "mallory" }).append(log.size, { actor: MALLORY }).sign();
  yield ["a checkpoint by another key", changed("checkpoint", mallory.checkpoint ?? "")];
  const root = mallory.checkpoint?.split("\n")[2] ?? "";
  yield [
    "another root in the checkpoint",
    changed("checkpoint", note.replace(/(.*\n.*\n).*/, `$1${root}`)),
  ];
  const larger = note.replace(`\n${log.size}\n`, `\n${log.size + 1}\n`);
  yield ["another size in the checkpoint", changed("checkpoint", larger)];
  yield ["a checkpoint without a signature", changed("checkpoint", note.replace(/\n—.*/g, "\n"))];
  yield ["no checkpoint", changed("checkpoint", "")];
}

/** Lines, proofs and prefix of a log that was never signed. */
function rewritten(log: SyntheticLog, range: Required<ExportRange>): PackMembers {
  const other = log.rewritten(range.from, { actor: MALLORY }).sign();
  const forged = packMembers(other, range);
  return new Map([
    ...packMembers(log, range),
    ["entries.ndjson", forged.get("entries.ndjson") ?? ""],
    ...[...forged].filter(([name]) => name.startsWith("proofs/")),
  ]);
}

function membersOf(line: Uint8Array): { previous: string; members: Record<string, unknown> } {
  const { previous_hash: previous, ...members } = JSON.parse(new TextDecoder().decode(line));
  return { previous, members };
}

/** The line as another would have it, in its place. */
function forgery(line: Uint8Array): Uint8Array {
  const { previous, members } = membersOf(line);
  return entryBytes({ ...members, actor: MALLORY }, previous);
}

function follower(line: Uint8Array): Uint8Array {
  return entryBytes({ ...membersOf(line).members, actor: MALLORY }, entryHash(line));
}

/** From `at` on forged, each line with the hash of the one before. */
function rechained(lines: Lines, at: number, as: Lines): Uint8Array[] {
  const chain = lines.slice(0, at);
  for (const line of as.slice(at)) {
    const { previous, members } = membersOf(line);
    const before = chain.at(-1);
    const hash = before === undefined ? (previous ?? GENESIS_HASH) : entryHash(before);
    const actor = chain.length === at ? MALLORY : members["actor"];
    chain.push(entryBytes({ ...members, actor }, hash));
  }
  return chain;
}

function withNul(lines: Lines, at: number): Uint8Array {
  const line = Buffer.from(lines[at]!);
  const middle = Math.floor(line.length / 2);
  const bent = Buffer.concat([line.subarray(0, middle), Buffer.from([0]), line.subarray(middle)]);
  return ndjson(lines.with(at, bent));
}
