/**
 * The state that every mishap must end in: nothing acknowledged is lost, each event is there once, chain
 * and tree are whole, every checkpoint ever handed out is of this very log, and it goes on by itself.
 * Chain and tree are computed here, from what the log hands out.
 */
import { encodeHex } from "#formats/hex.ts";
import { entryHash, GENESIS_HASH, LEDGER_ACTIONS } from "#formats/ledger/entry.ts";
import {
  type ListedKey,
  parseCheckpointNote,
  parseHashLines,
  parseKeyList,
} from "#formats/ledger/evidence.ts";
import { CompactRange } from "#formats/tlog/compact-range.ts";
import { HASH_BYTES, leafHash } from "#formats/tlog/merkle-hash.ts";
import { verifyConsistency } from "#formats/tlog/merkle-verify.ts";
import { verifyNote } from "#formats/tlog/signed-note.ts";
import { formatTilePath, TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import type { AlarmState } from "./ledger-worker.ts";
import type { LogClient, LogStatus } from "./log-client.ts";

const TICKS_MAX = 4;
const ALARM_MS_MAX = 60_000;
const RESENT_EVENTS = 256;

export interface Settled {
  ticks: number;
  problems: string[];
}

/** What time brings: alarms and ticks. Nothing else is done to it. */
export async function settle(client: LogClient): Promise<Settled> {
  let ticks = 0;
  let step = await advance(client);
  for (; step === "goes on" && ticks < TICKS_MAX; ticks += 1) step = await advance(client);
  if (step === "signed") return { ticks, problems: [] };
  const why = step === "goes on" ? `not signed after ${ticks} ticks` : step.problem;
  const seen = JSON.stringify([await client.status(), await client.row()]);
  return { ticks, problems: [`${client.org}: ${why}: ${seen}`] };
}

/** One tick further, and the alarm before it, unless all is done. */
async function advance(client: LogClient): Promise<"signed" | "goes on" | { problem: string }> {
  const [status, row] = [await client.status(), await client.row()];
  if (status.frozen) return { problem: "it is frozen" };
  const isPublished = status.unsigned_entries === 0 && row.published_size === status.tree_size;
  if (isPublished && row.sign_after_ms === null) {
    return (await isCleared(client)) ? "signed" : { problem: "pruned entries stay" };
  }
  if (row.tree_size < status.tree_size && !(await isTold(client, status.tree_size))) {
    return { problem: "D1 is not told of its size" };
  }
  await client.runtime.send("POST", "/ledger/tick?hurry&sign");
  return "goes on";
}

/** By the alarm that was set with the entries. */
function isTold(client: LogClient, size: number): Promise<boolean> {
  return alarmDoes(client, async () => (await client.row()).tree_size >= size);
}

/** Of the bodies of what is pruned: the alarm that deletes them was set with the pruning. */
function isCleared(client: LogClient): Promise<boolean> {
  return alarmDoes(client, async ({ prunedEntries }) => prunedEntries === 0);
}

/** False if that is not done, and no alarm is set or under way that could. */
async function alarmDoes(
  { runtime, org }: LogClient,
  isDone: (state: AlarmState) => Promise<boolean>,
): Promise<boolean> {
  const overAt = performance.now() + ALARM_MS_MAX;
  for (;;) {
    const state = await runtime.json<AlarmState>("GET", `/ledger/alarm?org=${org}`);
    if (await isDone(state)) return true;
    const isIdle = state.at === null && !state.isRunning;
    if (isIdle || performance.now() > overAt) return false;
    await runtime.send("POST", `/ledger/ring?org=${org}`);
  }
}

/**
 * At any moment: what is gone was announced under the checkpoint that is served, or a verifier would
 * have to take it for cut off.
 */
export async function findUnannounced(client: LogClient): Promise<string[]> {
  const { path, org } = client;
  const { minimum_index: minIndex, checkpoint } = await client.status();
  if (minIndex === 0) return [];
  const query = "action=ledger.pruned&limit=1000";
  const { events } = await client.read<{ events: Pruning[] }>(`${path}?${query}`);
  const announced = events.find(({ event }) => event.details.to === String(minIndex));
  const isSigned = announced !== undefined && announced.seq < (checkpoint?.size ?? 0);
  return isSigned ? [] : [`${org}: pruned up to ${minIndex} without a signed announcement`];
}

interface Pruning {
  seq: number;
  event: { details: { to: string } };
}

interface HashedEntry {
  event_id: string;
  previous_hash: string;
}

export interface ReadLog {
  minIndex: number;
  /** Of all entries that were ever there. */
  leaves: Uint8Array[];
  /** From `minIndex` on. */
  lines: Buffer[];
}

/** The log must be signed up to its head. */
export async function readLog({ runtime, path, org }: LogClient): Promise<ReadLog> {
  const status = await runtime.json<LogStatus>("GET", `${path}/status`);
  const { minimum_index: minIndex, checkpoint } = status;
  const size = checkpoint?.size ?? 0;
  const tileLeaves: Uint8Array[] = [];
  for (let index = 0; index * TILE_WIDTH < size; index += 1) {
    const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH);
    const tile = formatTilePath({ kind: "hash", level: 0, index, width });
    const { status: code, body } = await runtime.send("GET", `${path}/log/${tile}`);
    if (code !== 200) throw new Error(`${org}: ${tile}: ${code}`);
    for (let at = 0; at < width; at += 1) {
      tileLeaves.push(new Uint8Array(body.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)));
    }
  }
  const exported = await runtime.send("GET", `${path}/export?to_seq=${size}`);
  if (exported.status !== 200) throw new Error(`export: ${exported.status} ${exported.body}`);
  const lines = linesOf(exported.body);
  return { minIndex, leaves: tileLeaves, lines };
}

export function linesOf(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < body.length; ) {
    const end = body.indexOf(0x0a, from);
    lines.push(body.subarray(from, end));
    from = end + 1;
  }
  return lines;
}

export async function findProblems(client: LogClient): Promise<string[]> {
  const log = await readLog(client);
  const problems = [
    ...client.problems,
    ...findChainProblems(log),
    ...findTreeProblems(log, client),
    ...findLostEntries(log, client),
    ...(await findSignatureProblems(client)),
    ...(await findProofProblems(client)),
    ...(await findResendProblems(client)),
  ];
  return problems.map((problem) => `${client.org}: ${problem}`);
}

function findChainProblems({ minIndex, leaves, lines }: ReadLog): string[] {
  const entries = lines.map((line) => JSON.parse(line.toString()) as HashedEntry);
  const hashes = lines.map(entryHash);
  const problems = entries.flatMap((entry, at) => {
    const before = minIndex + at === 0 ? GENESIS_HASH : (hashes[at - 1] ?? entry.previous_hash);
    const isLinked = entry.previous_hash === before;
    const isLeaf = Buffer.compare(leafHash(lines[at]!), leaves[minIndex + at]!) === 0;
    return isLinked && isLeaf ? [] : [`entry ${minIndex + at} breaks the chain or the tree`];
  });
  const ids = new Set(entries.map(({ event_id }) => event_id));
  if (ids.size < lines.length) problems.push(`${lines.length - ids.size} events are there twice`);
  if (minIndex + lines.length !== leaves.length) {
    problems.push(`${minIndex} + ${lines.length} entries, ${leaves.length} leaves`);
  }
  return problems;
}

/** Every checkpoint ever handed out, and what prunings said, against the one list of leaves. */
function findTreeProblems({ minIndex, leaves, lines }: ReadLog, client: LogClient): string[] {
  const tree = CompactRange.resume(0, []);
  const roots = [encodeHex(tree.root())];
  const wanted = new Set([minIndex, ...[...client.checkpoints.values()].map(({ size }) => size)]);
  for (const leaf of leaves) {
    tree.append(leaf);
    if (wanted.has(tree.size)) roots[tree.size] = encodeHex(tree.root());
  }
  const problems = [...client.checkpoints.values()].flatMap(({ size, root }) =>
    roots[size] === encodeHex(root) ? [] : [`the checkpoint of size ${size} is not of this log`],
  );
  if (minIndex === 0) return problems;
  const announced = lines
    .map((line) => JSON.parse(line.toString()))
    .find(
      ({ action, details }) => action === LEDGER_ACTIONS.pruned && details.to === String(minIndex),
    );
  const first = JSON.parse(lines[0]?.toString() ?? "{}") as { previous_hash?: string };
  if (
    announced?.details.tree_root !== roots[minIndex] ||
    announced?.details.last_hash !== first.previous_hash
  ) {
    problems.push(`the pruning up to ${minIndex} is not announced as it was done`);
  }
  return problems;
}

function findLostEntries({ minIndex, lines }: ReadLog, { acknowledged }: LogClient): string[] {
  const hashes = lines.map(entryHash);
  const bySeq = new Map<number, string>();
  const problems: string[] = [];
  for (const [id, { receipt }] of acknowledged) {
    const { seq, hash } = receipt;
    if (bySeq.has(seq)) problems.push(`${id} and ${bySeq.get(seq)} have the same seq ${seq}`);
    bySeq.set(seq, id);
    if (seq >= minIndex && hashes[seq - minIndex] !== hash) problems.push(`${id} is lost (${seq})`);
  }
  return problems;
}

/** Each note once, however often the log is checked: nothing of it changes. */
const verified = new Set<string>();

async function findSignatureProblems(client: LogClient): Promise<string[]> {
  const keys = (await readKeys(client)).map(({ key }) => key);
  return [...client.checkpoints.keys()].flatMap((text) => {
    if (verified.has(text)) return [];
    const note = parseCheckpointNote(text)?.note;
    const isSigned = note !== undefined && verifyNote(note, keys).kind === "verified";
    if (isSigned) verified.add(text);
    return isSigned ? [] : [`not signed by this log's keys: ${text}`];
  });
}

async function readKeys({ runtime, path }: LogClient): Promise<ListedKey[]> {
  const keys = parseKeyList(await runtime.text("GET", `${path}/keys`));
  if (keys === null) throw new Error("the list of keys cannot be read");
  return keys;
}

/** From the oldest checkpoint to the newest, by the log's own proof. */
async function findProofProblems({ runtime, path, checkpoints }: LogClient): Promise<string[]> {
  const bySize = [...checkpoints.values()].sort((left, right) => left.size - right.size);
  const [first, last] = [bySize[0], bySize.at(-1)];
  if (first === undefined || last === undefined) return ["no checkpoint was ever handed out"];
  const query = `old=${first.size}&new=${last.size}`;
  const proof = parseHashLines(await runtime.text("GET", `${path}/log/consistency?${query}`));
  const claim = {
    oldSize: first.size,
    newSize: last.size,
    oldRoot: first.root,
    newRoot: last.root,
  };
  const isProven = proof !== null && verifyConsistency({ ...claim, proof });
  return isProven ? [] : [`no proof that ${last.size} extends ${first.size}`];
}

/** The first receipts again, for the latest and for some of the oldest, pruned ones among them. */
async function findResendProblems(client: LogClient): Promise<string[]> {
  const events = [...client.acknowledged.values()].map(({ event }) => event);
  const before = await client.status();
  await client.append(events.slice(-RESENT_EVENTS));
  await client.append(events.slice(0, RESENT_EVENTS));
  const after = await client.status();
  const added = after.tree_size - before.tree_size;
  return added === 0 ? [] : [`resent events added ${added} entries`];
}
