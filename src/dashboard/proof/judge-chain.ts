/**
 * Whether the text that is shown is the entry's, and stands between its neighbours. It is hashed here: a check
 * that only reads hashes, the server's, does not check what is read.
 */
import { entryHash, GENESIS_HASH } from "#formats/ledger/entry.ts";
import { type Entry, readEntry } from "#formats/ledger/read-entry.ts";
import type { Neighbour, ProofQuestion } from "./proof-question.ts";
import { failed, type ProofCheck, passed, undecided, untested } from "./proof-report.ts";

const utf8 = new TextEncoder();

export function bytesOf(text: string): Uint8Array {
  return utf8.encode(text);
}

type ShownEntry = Pick<ProofQuestion, "shown" | "toldHash" | "org">;

export function judgeBytes({ shown, toldHash, org }: ShownEntry): ProofCheck {
  const bytes = bytesOf(shown);
  const entry = readEntry(bytes);
  if ("fault" in entry) {
    return failed("bytes", `What is shown has not the form of an entry: ${entry.message}.`);
  }
  const hash = entryHash(bytes);
  if (hash !== toldHash) {
    return failed("bytes", `What is shown hashes to ${hash}, but the entry's hash is ${toldHash}.`);
  }
  if (entry.org !== org) {
    return failed("bytes", `What is shown is an entry of the org ${entry.org}, not of ${org}.`);
  }
  const size = `${bytes.length.toLocaleString("en")} bytes`;
  return passed("bytes", `The ${size} that you see, hashed here, make the entry's SHA-256.`);
}

export function judgeChain(question: ProofQuestion): ProofCheck {
  const { seq, shown, previous, next } = question;
  const entry = readEntry(bytesOf(shown));
  if ("fault" in entry) return undecided("chain", "The entry itself cannot be read.");
  const broken = brokenLink(question, entry);
  if (broken !== null) return failed("chain", broken);
  if (seq > 0 && previous.kind !== "entry") return withoutPrevious(seq, previous);
  return passed("chain", linkText(seq, next.kind === "entry"));
}

function brokenLink({ seq, shown, previous, next }: ProofQuestion, entry: Entry): string | null {
  if (seq === 0 && entry.previousHash !== GENESIS_HASH) {
    return "A log's first entry has 64 zeros as its previous_hash; this has not.";
  }
  if (previous.kind === "entry" && !isFollowed(previous.body, entry)) {
    return `Its previous_hash is not the hash of entry ${seq - 1}.`;
  }
  const after = next.kind === "entry" ? readEntry(bytesOf(next.body)) : null;
  const isOurs = after === null || (!("fault" in after) && isFollowed(shown, after));
  return isOurs ? null : `The previous_hash of entry ${seq + 1} is not this entry's hash.`;
}

/** Whether an entry's previous_hash is the hash of that text. */
function isFollowed(body: string, next: Entry): boolean {
  return next.previousHash === entryHash(bytesOf(body));
}

function withoutPrevious(seq: number, { kind }: Neighbour): ProofCheck {
  if (kind === "pruned") {
    return untested("chain", `Entry ${seq - 1} was pruned: there is nothing before it to compare.`);
  }
  return undecided("chain", `Entry ${seq - 1}, which it should follow, could not be read.`);
}

function linkText(seq: number, hasNext: boolean): string {
  const before = seq === 0 ? "It is the log's first" : `It holds the hash of entry ${seq - 1}`;
  const after = hasNext ? `entry ${seq + 1} holds its hash` : "no entry after it is here yet";
  return `${before}, and ${after}.`;
}
