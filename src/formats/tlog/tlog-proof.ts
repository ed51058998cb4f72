/**
 * The proof that a log holds an entry, to be checked offline: c2sp.org/tlog-proof@v1.
 *
 *   c2sp.org/tlog-proof@v1
 *   extra YWdlLXYxLjIuMQ==                          optional, authenticated by nothing
 *   index 73894                                     of the entry, from 0
 *   gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=    RFC 6962 §2.1.1 path, the leaf's sibling first
 *
 *   example.com/fancylog                            the checkpoint, a signed note, verbatim
 *   109482
 *   ...
 */
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";
import { isDecimal, parseDecimal } from "./decimal.ts";
import { HASH_BYTES, isHash } from "./merkle-hash.ts";

export interface TlogProof {
  readonly index: number;
  /** 32 bytes each. */
  readonly hashes: readonly Uint8Array[];
  /** A signed note as its log and witnesses wrote it. Not read here: its verifier parses it. */
  readonly checkpoint: string;
  /** Data of the application, which nothing here authenticates. Absent is not the same as empty. */
  readonly extra?: Uint8Array;
}

/** The depth of a tree of 2^63 entries; our trees are at most 53 deep. */
export const PROOF_HASHES_MAX = 63;

const HEADER = "c2sp.org/tlog-proof@v1";
const EXTRA = "extra ";
const INDEX = "index ";
/** Header, extra and index stand before the hashes. */
const LINES_MAX = 3 + PROOF_HASHES_MAX;

export function formatTlogProof({ index, hashes, checkpoint, extra }: TlogProof): string {
  if (!isDecimal(index)) throw new RangeError(`an index is an integer from 0, got ${index}`);
  if (!isPath(hashes)) {
    throw new RangeError(`a proof has up to ${PROOF_HASHES_MAX} hashes of ${HASH_BYTES} bytes`);
  }
  if (!checkpoint.endsWith("\n")) throw new RangeError("a checkpoint ends in a newline");
  const extraLines = extra === undefined ? [] : [EXTRA + encodeBase64(extra)];
  const lines = [HEADER, ...extraLines, INDEX + index, ...hashes.map(encodeBase64), "", checkpoint];
  return lines.join("\n");
}

/** Null unless the text is a proof's. What it proves is for the verifier of its checkpoint. */
export function parseTlogProof(text: string): TlogProof | null {
  const blankLine = text.indexOf("\n\n");
  const checkpoint = text.slice(blankLine + 2);
  if (blankLine < 0 || !checkpoint.endsWith("\n")) return null;
  const lines = text.slice(0, blankLine).split("\n", LINES_MAX + 1);
  if (lines.length > LINES_MAX || lines.shift() !== HEADER) return null;
  const extra = lines[0]?.startsWith(EXTRA) ? decodeBase64(untag(EXTRA, lines.shift())) : undefined;
  const index = parseDecimal(untag(INDEX, lines.shift()));
  const hashes = lines.map(decodeBase64).filter((hash) => hash !== null);
  if (extra === null || index === null) return null;
  if (hashes.length < lines.length || !isPath(hashes)) return null;
  return { index, hashes, checkpoint, ...(extra && { extra }) };
}

/** What follows the tag. A line without the tag gives the empty text, which is no decimal. */
function untag(tag: string, line = ""): string {
  return line.startsWith(tag) ? line.slice(tag.length) : "";
}

function isPath(hashes: readonly Uint8Array[]): boolean {
  return hashes.length <= PROOF_HASHES_MAX && hashes.every(isHash);
}
