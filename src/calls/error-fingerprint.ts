/**
 * What is kept of an error message, whose text is never stored or logged.
 *
 *   error_hash         BLAKE3-256 of the message: whoever has the text can find it again
 *   error_fingerprint  BLAKE3 keyed by org, of the message without its variable parts: equal
 *                      errors group, and no one without the key can test a guess against it
 *
 * https://github.com/BLAKE3-team/BLAKE3-specs (§2.3: the modes hash, keyed_hash and derive_key)
 */
import { blake3 } from "@noble/hashes/blake3.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/**
 * 32 hex digits. A group is a convenience, not evidence: 128 bits make two of an org's messages
 * share one by chance only at around 2^64 messages, and a forger lacks the key.
 */
const FINGERPRINT_BYTES = 16;

/**
 * The variable parts, in the order that they are replaced: each is looked for in what the ones
 * before it left, in lower case and with single spaces.
 *
 * A message is a stranger's text, so every pattern is linear: either it starts only where a token
 * starts and its parts cannot match the same character, or it is bounded.
 *
 * Numbers, hex, UUIDs and opaque ids share a placeholder, since an id of digits only is a number.
 */
const VARIABLE_PARTS: readonly (readonly [pattern: RegExp, placeholder: string])[] = [
  [/"[^"]*"|`[^`]*`|“[^“”]*”|‘[^‘’]*’/g, "<text>"],
  // An apostrophe between letters (can't) neither opens nor closes a quotation.
  [/(?<!\w)'(?:[^']|(?<=\w)'(?=\w))*'(?!\w)/g, "<text>"],
  // A URL keeps scheme, host and path, whose ids go below; user, query and fragment go here.
  [/\b([a-z][a-z0-9+.-]{1,15}:\/\/)(?:[^\s/?#@<>]*@)?([^\s?#<>]*)(?:[?#][^\s<>]*)?/g, "$1$2"],
  [/(?<![\w.%+-])[\w.%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}/g, "<email>"],
  [
    /\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?z\b|[+-]\d\d:?\d\d)?)?/g,
    "<time>",
  ],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\b/g, "<time>"],
  [/(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)/g, "<ip>"],
  [/(?<![\w:])(?:[\da-f]{1,4}:){7}[\da-f]{1,4}(?![\w:])/g, "<ip>"],
  [
    /(?<![\w:])(?:[\da-f]{1,4}:){0,6}(?:[\da-f]{1,4})?::(?:[\da-f]{1,4}:){0,6}(?:[\da-f]{1,4})?(?![\w:])/g,
    "<ip>",
  ],
  [/(?<![\da-z])[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}(?![\da-z])/g, "<id>"],
  [/(?<![\da-z])0x[\da-f]+/g, "<id>"],
  [/(?<![\da-z])(?=[a-f]*\d)(?=\d*[a-f])[\da-f]{7,}(?![\da-z])/g, "<id>"],
  // Two runs of digits among sixteen characters: a ULID or a token, not an identifier like utf8.
  [/(?<![\da-z])(?=[a-z]*\d+[a-z]+\d)[\da-z]{16,}/g, "<id>"],
  [/(?:(?<![\w>])[+-])?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?/g, "<id>"],
];

/** Lower-case hex BLAKE3-256 of the message's UTF-8 bytes. */
export function errorHash(message: string): string {
  return bytesToHex(blake3(utf8(message)));
}

export function errorFingerprint(key: Uint8Array, message: string): string {
  const normalized = utf8(normalizeErrorMessage(message));
  return bytesToHex(blake3(normalized, { key, dkLen: FINGERPRINT_BYTES }));
}

/** The message without what differs between two occurrences of one error, letter case included. */
export function normalizeErrorMessage(message: string): string {
  let text = message.toLowerCase().replace(/\s+/g, " ").trim();
  for (const [pattern, placeholder] of VARIABLE_PARTS) text = text.replace(pattern, placeholder);
  return text;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
