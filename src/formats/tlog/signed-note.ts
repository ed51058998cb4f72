/**
 * A text signed by one or more keys: c2sp.org/signed-note@v1.0.0.
 *
 *   This is an example message.
 *
 *   — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRK...
 *
 * The text ends in a newline, which is signed; the blank line after it, the last one of the note,
 * is not. A signature line is base64(key id || signature) after the key's name.
 */
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";
import { publicKeyOf, sign, verify } from "#formats/ed25519.ts";
import { encodeHex } from "#formats/hex.ts";
import { isKeyName, KEY_ID_BYTES, type VerifierKey, verifierKey } from "./note-key.ts";

export interface NoteSignature {
  readonly name: string;
  /** 4 bytes. */
  readonly id: Uint8Array;
  /** 64 bytes of an Ed25519 key; those of other types, which we carry unread, have other lengths. */
  readonly signature: Uint8Array;
}

export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSigner {
  readonly name: string;
  /** The 32 secret bytes of RFC 8032 §5.1.5. */
  readonly seed: Uint8Array;
}

export type NoteVerdict =
  /** `verifiedBy` has each of the known keys that signed, once, in the order of its first signature. */
  | { readonly kind: "verified"; readonly verifiedBy: readonly VerifierKey[] }
  /** A known key is named by a signature that is not its own: the note is forged or damaged. */
  | { readonly kind: "bad_signature"; readonly key: VerifierKey }
  | { readonly kind: "no_known_key" };

/** "Verifiers MUST accept at least up to 16"; golang.org/x/mod/sumdb/note stops here too. */
export const SIGNATURES_MAX = 100;

const SIGNATURE_LINE = /^— ([^ ]+) ([^ ]+)$/;
/** A character below U+0020 other than newline: the class lists those that are none, and turns that round. */
const CONTROL_CHARACTER = /[^\n\u{20}-\u{10ffff}]/u;

const utf8 = new TextEncoder();

/** Whether a note may have this text. */
export function isNoteText(text: string): boolean {
  return text.endsWith("\n") && text.isWellFormed() && !CONTROL_CHARACTER.test(text);
}

/**
 * Null unless the note is well-formed. Nothing is verified yet: the text is anyone's word. Of
 * bytes, the caller makes a string with a TextDecoder that is `fatal` and keeps the BOM.
 */
export function parseNote(note: string): Note | null {
  const blankLine = note.lastIndexOf("\n\n");
  if (blankLine < 0 || !isNoteText(note)) return null;
  const lines = note.slice(blankLine + 2, -1).split("\n", SIGNATURES_MAX + 1);
  if (lines.length > SIGNATURES_MAX) return null;
  const signatures = lines.map(parseSignatureLine).filter((signature) => signature !== null);
  if (signatures.length < lines.length) return null;
  return { text: note.slice(0, blankLine + 1), signatures };
}

export function formatNote(text: string, signatures: readonly NoteSignature[]): string {
  checkText(text);
  if (signatures.length < 1 || signatures.length > SIGNATURES_MAX) {
    throw new RangeError(`a note has 1 to ${SIGNATURES_MAX} signatures, got ${signatures.length}`);
  }
  return `${text}\n${signatures.map(formatSignatureLine).join("")}`;
}

export function signNote(text: string, { name, seed }: NoteSigner): NoteSignature {
  checkText(text);
  const { id } = verifierKey(name, publicKeyOf(seed));
  return { name, id, signature: sign(seed, utf8.encode(text)) };
}

/**
 * "Signatures": a key is known by its name and id together. Every signature of a known key must
 * verify, a repeated one too; those of unknown keys are ignored, so that a note can be cosigned
 * and its key rotated.
 */
export function verifyNote({ text, signatures }: Note, keys: readonly VerifierKey[]): NoteVerdict {
  const message = utf8.encode(text);
  const verifiedBy = new Set<VerifierKey>();
  for (const signature of signatures) {
    for (const key of keys.filter((known) => isOf(signature, known))) {
      const isValid = verify(key.publicKey, message, signature.signature);
      if (!isValid) return { kind: "bad_signature", key };
      verifiedBy.add(key);
    }
  }
  if (verifiedBy.size === 0) return { kind: "no_known_key" };
  return { kind: "verified", verifiedBy: [...verifiedBy] };
}

function isOf(signature: NoteSignature, key: VerifierKey): boolean {
  return signature.name === key.name && encodeHex(signature.id) === encodeHex(key.id);
}

function parseSignatureLine(line: string): NoteSignature | null {
  const [, name = "", encoded = ""] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = isKeyName(name) ? decodeBase64(encoded) : null;
  if (bytes === null || bytes.length <= KEY_ID_BYTES) return null;
  return { name, id: bytes.subarray(0, KEY_ID_BYTES), signature: bytes.subarray(KEY_ID_BYTES) };
}

function formatSignatureLine({ name, id, signature }: NoteSignature): string {
  if (!isKeyName(name) || id.length !== KEY_ID_BYTES || signature.length === 0) {
    throw new RangeError(`a signature has a key name, ${KEY_ID_BYTES} bytes of id, and bytes`);
  }
  return `— ${name} ${encodeBase64(new Uint8Array([...id, ...signature]))}\n`;
}

function checkText(text: string): void {
  if (isNoteText(text)) return;
  throw new RangeError("a note's text is UTF-8 that ends in a newline and has no other control");
}
