/**
 * The head of a log, as the text of a signed note: c2sp.org/tlog-checkpoint@v1.0.0.
 *
 *   example.com/behind-the-sofa                     origin: which log, for ever
 *   20852163                                        size: how many entries
 *   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=    root: their RFC 6962 §2.1 tree hash
 *
 * Extension lines may follow. We write none ("NOT RECOMMENDED, as they are not auditable"; some
 * witnesses refuse them) and read past those of others.
 */
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";
import { isDecimal, parseDecimal } from "./decimal.ts";
import { isHash, requireHash } from "./merkle-hash.ts";
import { isNoteText } from "./signed-note.ts";

export interface Checkpoint {
  readonly origin: string;
  /** Entries in the tree, up to 2^53 - 1. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (!isOrigin(origin)) {
    throw new RangeError(`an origin is one line of text, got ${JSON.stringify(origin)}`);
  }
  if (!isDecimal(size)) throw new RangeError(`a tree size is an integer from 0, got ${size}`);
  return `${origin}\n${size}\n${encodeBase64(requireHash(root))}\n`;
}

/**
 * Null unless the text is a checkpoint's. The checkpoint is verified only when the note that held it is, by
 * a key that is trusted for this very origin: the key of another log signs other origins.
 */
export function parseCheckpoint(text: string): Checkpoint | null {
  if (!isNoteText(text)) return null;
  const lines = text.slice(0, -1).split("\n");
  const [origin = "", sizeText = "", rootText = ""] = lines;
  const size = parseDecimal(sizeText);
  const root = decodeBase64(rootText);
  if (size === null || root === null || lines.includes("")) return null;
  if (!isHash(root)) return null;
  return { origin, size, root };
}

function isOrigin(origin: string): boolean {
  return origin !== "" && !origin.includes("\n") && isNoteText(`${origin}\n`);
}
