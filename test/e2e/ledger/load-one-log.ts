/** 10,000 single appends over 32 connections: what each client was told is what the log holds, provably. */
import { entryHash, GENESIS_HASH } from "#formats/ledger/entry.ts";
import { parseCheckpointNote, parseKeyList } from "#formats/ledger/evidence.ts";
import { isSameHash, leafHash } from "#formats/tlog/merkle-hash.ts";
import { verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import { verifyNote } from "#formats/tlog/signed-note.ts";
import { parseTlogProof } from "#formats/tlog/tlog-proof.ts";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { EventSource } from "./events.ts";
import { gaugesOf } from "./load-gauges.ts";
import { linesOf, readLog, settle } from "./log-check.ts";
import { LogClient, type Receipt } from "./log-client.ts";

const SEED = 44;
const APPENDS = 10_000;
const CLIENTS = 32;
const PROOFS = 1_000;

export async function runOneLog(runtime: Runtime, checks: Checks): Promise<void> {
  const org = "load";
  await runtime.makeOrg(org);
  const client = new LogClient(runtime, org);
  const receipts = await appendAll(client, checks);
  const exported = await runtime.send("GET", `${client.path}/export`);
  const lines = linesOf(exported.body);
  checks.report("the sequence is dense: each append has a place of its own", findGaps(receipts));
  checks.report("the chain is whole", findBreaks(lines), `${lines.length} entries`);
  checks.report(
    "every receipt is that of the line at its place",
    findWrongReceipts(receipts, lines),
  );

  const { ticks, problems } = await settle(client);
  checks.report("ticks sign it up to its head", problems, `${ticks} ticks`);
  const { leaves } = await readLog(client);
  const wrong = lines.flatMap((line, seq) =>
    isSameHash(leafHash(line), leaves[seq]!) ? [] : [`leaf ${seq}`],
  );
  checks.report("the tiles hold the leaves of these lines", wrong, `${leaves.length} leaves`);
  await checkProofs(client, receipts, lines, checks);
  await checkGauges(client, checks);
}

async function appendAll(client: LogClient, checks: Checks): Promise<Receipt[]> {
  const events = new EventSource(SEED).events(APPENDS);
  const receipts: Receipt[] = [];
  let next = 0;
  const startedAt = performance.now();
  const write = async () => {
    for (let at = next++; at < APPENDS; at = next++) {
      receipts.push(...(await client.append([events[at]!])));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, write));
  const seconds = (performance.now() - startedAt) / 1e3;
  const rate = `${APPENDS} over ${CLIENTS} connections, ${(APPENDS / seconds).toFixed(0)} a second`;
  checks.report("concurrent appends are all acknowledged", client.problems, rate);
  return receipts;
}

/** From 1 on: entry 0 is the org's creation. */
function findGaps(receipts: readonly Receipt[]): string[] {
  const seqs = receipts.map(({ seq }) => seq).sort((left, right) => left - right);
  return seqs.flatMap((seq, at) => (seq === at + 1 ? [] : [`${seq} where ${at + 1} should be`]));
}

function findBreaks(lines: readonly Buffer[]): string[] {
  let previous = GENESIS_HASH;
  return lines.flatMap((line, seq) => {
    const entry = JSON.parse(line.toString()) as { previous_hash: string };
    const isLinked = entry.previous_hash === previous;
    previous = entryHash(line);
    return isLinked ? [] : [`entry ${seq} does not follow the one before`];
  });
}

function findWrongReceipts(receipts: readonly Receipt[], lines: readonly Buffer[]): string[] {
  return receipts.flatMap(({ seq, event_id: id, hash, previous_hash: previous }) => {
    const line = lines[seq] ?? Buffer.from("{}");
    const entry = JSON.parse(line.toString()) as { event_id?: string; previous_hash?: string };
    const isTrue =
      entryHash(line) === hash && entry.event_id === id && entry.previous_hash === previous;
    return isTrue ? [] : [`the receipt of ${id} says ${seq}, which is ${entry.event_id}`];
  });
}

/** Each as its holder does it: the entry's own bytes, the proof, and a root that the key signed. */
async function checkProofs(
  client: LogClient,
  receipts: readonly Receipt[],
  lines: readonly Buffer[],
  checks: Checks,
): Promise<void> {
  const { runtime, path } = client;
  const keys = parseKeyList(await runtime.text("GET", `${path}/keys`)) ?? [];
  const roots = new Map<string, { size: number; root: Uint8Array } | null>();
  const rootOf = (text: string) => {
    const known = roots.get(text);
    if (known !== undefined) return known;
    const parsed = parseCheckpointNote(text);
    const isSigned =
      parsed !== null &&
      verifyNote(
        parsed.note,
        keys.map(({ key }) => key),
      ).kind === "verified";
    roots.set(text, isSigned ? parsed.checkpoint : null);
    return isSigned ? parsed.checkpoint : null;
  };
  const sample = sampleOf(receipts);
  const problems: string[] = [];
  const prove = async () => {
    for (let seq = sample.pop()?.seq; seq !== undefined; seq = sample.pop()?.seq) {
      const proof = parseTlogProof(await runtime.text("GET", `${path}/${seq}/proof`));
      const signed = rootOf(proof?.checkpoint ?? "");
      const claim = { index: seq, leaf: leafHash(lines[seq]!), proof: proof?.hashes ?? [] };
      const isProven =
        proof?.index === seq && signed !== null && verifyInclusion({ ...claim, ...signed });
      if (!isProven) problems.push(`entry ${seq} is not proven`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, prove));
  checks.report("receipts are provable under the signed head", problems, `${PROOFS} proofs`);
}

function sampleOf(receipts: readonly Receipt[]): Receipt[] {
  const random = new EventSource(SEED);
  const left = [...receipts];
  return Array.from({ length: PROOFS }, () => left.splice(random.whole(left.length), 1)[0]!);
}

/** As last told to D1; a scrape wakes no ledger. */
async function checkGauges(client: LogClient, checks: Checks): Promise<void> {
  const { ticks, problems } = await settle(client);
  checks.report("ticks sign the entry of the export too", problems, `${ticks} ticks`);
  const [status, gauges] = [await client.status(), await gaugesOf(client.runtime, client.org)];
  const { tree_size: size, unsigned, frozen } = gauges;
  const expected = { size: status.tree_size, unsigned: 0, frozen: 0 };
  checks.equal("the gauges say what the log is", { size, unsigned, frozen }, expected);
  const age = Date.now() / 1e3 - (gauges.checkpoint_timestamp ?? 0);
  const seen = `${age.toFixed(1)} s ago`;
  checks.report(
    "the gauge of the checkpoint's time is that of the last tick",
    age < 60 ? [] : [seen],
    seen,
  );
}
