/**
 * Fetches what an entry's proof is judged by. What was kept is read by the caller before the first request: a log
 * only grows, so that a head that came later and is smaller was rolled back.
 */
import { parseKeyList } from "#formats/ledger/evidence.ts";
import { isDecimal } from "#formats/tlog/decimal.ts";
import { AuditReader, type GetAuditText, readProvenUnder } from "./audit-reader.ts";
import { gatherRotations } from "./gather-rotations.ts";
import { type OpenedProof, openProof } from "./judge-inclusion.ts";
import { membersOfText } from "./members-of-text.ts";
import { openPin, type PinnedLog } from "./pinned-log.ts";
import type { Neighbour, ProofQuestion, ProvenText } from "./proof-question.ts";

export interface AskedEntry {
  readonly org: string;
  readonly log: number;
  readonly seq: number;
  readonly shown: string;
  readonly toldHash: string;
  readonly pin: PinnedLog | null;
  readonly nowMs: number;
}

export type Gathered =
  | { readonly kind: "question"; readonly question: ProofQuestion }
  | { readonly kind: "not_signed_yet" | "pruned" | "missing" | "forbidden" }
  | { readonly kind: "refused"; readonly status: number };

/** Proofs are of the newest head, which moves each minute: two of one head take a second try at most. */
const HEAD_TRIES = 3;

const NO_NEIGHBOUR: Neighbour = { kind: "none" };

export async function gatherQuestion(get: GetAuditText, asked: AskedEntry): Promise<Gathered> {
  const log = new AuditReader(get, asked.log);
  const first = await get(log.pathOf(`${asked.seq}/proof`));
  if (first.status !== 200) return refusalOf(first.status);
  const [keys, status, previous, next, heads] = await Promise.all([
    log.text("keys"),
    log.text("status"),
    asked.seq === 0 ? NO_NEIGHBOUR : log.neighbour(asked.seq - 1),
    log.neighbour(asked.seq + 1),
    proofsOfOneHead(log, asked, first.text),
  ]);
  const told = { keys: keys ?? "", status };
  const comparison = await gatherComparison(log, asked.pin, told, openProof(heads.proof));
  const question = { ...asked, ...heads, ...comparison, keys: told.keys, previous, next };
  return { kind: "question", question };
}

function refusalOf(status: number): Gathered {
  if (status === 409) return { kind: "not_signed_yet" };
  if (status === 410) return { kind: "pruned" };
  if (status === 404) return { kind: "missing" };
  return status === 403 ? { kind: "forbidden" } : { kind: "refused", status };
}

interface ProofsOfHead {
  readonly proof: string;
  readonly newest: ProvenText | null;
}

/** The entry's proof, and the newest entry's under the same head. */
async function proofsOfOneHead(
  log: AuditReader,
  { seq, shown }: AskedEntry,
  first: string,
): Promise<ProofsOfHead> {
  let proof = first;
  for (let tries = 1; tries <= HEAD_TRIES; tries += 1) {
    const opened = openProof(proof);
    if (opened === null) return { proof, newest: null };
    const last = opened.head.checkpoint.size - 1;
    if (last === seq) return { proof, newest: { body: shown, proof } };
    const newest = await readProvenUnder(log, last, opened);
    if (newest !== null || tries === HEAD_TRIES) return { proof, newest };
    proof = (await log.text(`${seq}/proof`)) ?? proof;
  }
  return { proof, newest: null };
}

/** What the head is compared with: what was kept of the log, and what is not signed yet. */
async function gatherComparison(
  log: AuditReader,
  kept: PinnedLog | null,
  told: { readonly keys: string; readonly status: string | null },
  head: OpenedProof | null,
): Promise<Pick<ProofQuestion, "consistency" | "rotations" | "unsigned">> {
  const size = head?.head.checkpoint.size ?? 0;
  const pin = kept === null ? null : openPin(kept);
  const keptSize = pin?.head.checkpoint.size ?? size;
  const keys = parseKeyList(told.keys) ?? [];
  const [consistency, rotations, unsigned] = await Promise.all([
    keptSize >= size ? null : log.consistency(keptSize, size),
    pin === null || head === null ? [] : gatherRotations(log, keys, pin.vkey, head),
    unsignedOf(log, told.status, size),
  ]);
  return { consistency, rotations, unsigned };
}

/** By the server's word: what is not signed yet cannot be proven. */
async function unsignedOf(log: AuditReader, status: string | null, size: number) {
  const { tree_size: treeSize } = membersOfText(status);
  const isSize = typeof treeSize === "number" && isDecimal(treeSize);
  const count = isSize ? Math.max(treeSize - size, 0) : 0;
  const oldest = count === 0 ? null : await log.entry(size);
  const { recorded_at: time } = membersOfText(oldest?.body ?? null);
  return { count, oldestAt: typeof time === "string" ? time : null };
}
