/**
 * The head that a verification holds the entries against: whose log it is, and which keys signed it.
 * Whether these are to be trusted is told by key-proof.ts once the entries were read.
 */
import { formatVkey, type VerifierKey } from "#formats/tlog/note-key.ts";
import { verifyNote } from "#formats/tlog/signed-note.ts";
import type { CheckpointNote, ListedKey, LogEvidence } from "./evidence.ts";
import type { Finding } from "./verdicts.ts";

export interface SignedHead extends CheckpointNote {
  readonly org: string;
  readonly signers: readonly VerifierKey[];
}

/** `<host>/v1/orgs/<org>/audit/log`, and `…/log-2` for the successor of a frozen log. */
const ORIGIN = /^[^/]+\/v1\/orgs\/([a-z0-9][a-z0-9-]*)\/audit\/log(?:-(?:[2-9]|[1-9][0-9]+))?$/;

/** Null for another origin than that of an audit log. */
export function orgOfOrigin(origin: string): string | null {
  return ORIGIN.exec(origin)?.[1] ?? null;
}

export function verifyHead(head: CheckpointNote, evidence: LogEvidence): SignedHead | Finding {
  const { origin, size } = head.checkpoint;
  const org = orgOfOrigin(origin);
  const expected = [evidence.pinned?.name ?? origin, evidence.origin ?? origin];
  const other = org === null ? "an audit log" : expected.find((name) => name !== origin);
  if (org === null || other !== undefined) {
    return invalid("wrong_origin", `the checkpoint is of ${origin}, not of ${other}`);
  }
  const keys = knownKeys(evidence, origin);
  if (keys.length === 0) {
    const message = "there is no key to verify the checkpoint's signature with";
    return { aspect: "integrity", failure: "INCOMPLETE", code: "no_key", message };
  }
  const verdict = verifyNote(head.note, keys);
  if (verdict.kind === "no_known_key") {
    const message = `none of the known keys signed the checkpoint: ${keys.map(formatVkey).join(", ")}`;
    return invalid("unknown_signer", message);
  }
  if (verdict.kind === "bad_signature") {
    const message = `the checkpoint's signature by ${formatVkey(verdict.key)} does not verify`;
    return invalid("bad_signature", message);
  }
  const retired = verdict.verifiedBy.find((key) => !signsSize(evidence.keys, key, size));
  if (retired !== undefined) {
    const message = `the key ${formatVkey(retired)} does not sign heads of size ${size}, by the log's own list`;
    return invalid("key_out_of_range", message);
  }
  return { ...head, org, signers: verdict.verifiedBy };
}

export function isSameKey(left: VerifierKey, right: VerifierKey): boolean {
  return formatVkey(left) === formatVkey(right);
}

/** Keys of other logs have other names: what they sign is not this log's. */
function knownKeys({ pinned, keys }: LogEvidence, origin: string): VerifierKey[] {
  const all = [...(pinned === null ? [] : [pinned]), ...keys.map(({ key }) => key)];
  const byVkey = new Map(all.map((key) => [formatVkey(key), key]));
  return [...byVkey.values()].filter(({ name }) => name === origin);
}

/** A key that was rotated out must not sign on: whoever has it by now may be anyone. */
function signsSize(keys: readonly ListedKey[], key: VerifierKey, size: number): boolean {
  const listed = keys.find((candidate) => isSameKey(candidate.key, key));
  if (listed === undefined) return true;
  return listed.fromSize <= size && size <= (listed.toSize ?? size);
}

function invalid(code: string, message: string): Finding {
  return { aspect: "integrity", failure: "INVALID", code, message };
}
