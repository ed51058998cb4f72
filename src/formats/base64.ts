/**
 * Base 64, RFC 4648 §4: the standard alphabet, padded. https://www.rfc-editor.org/rfc/rfc4648#section-4
 *
 * Bytes have one text here. A reader that takes a second one (spare bits set, padding left out, a
 * space) lets signed bytes change without their signature noticing: §12 and §3.5 of the RFC.
 */

export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Null unless the text is the one that `encodeBase64` writes. */
export function decodeBase64(text: string): Uint8Array | null {
  const binary = forgivingDecode(text);
  if (binary === null || btoa(binary) !== text) return null;
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** `atob` passes over white space, missing padding and spare bits; on any other fault it throws. */
function forgivingDecode(text: string): string | null {
  try {
    return atob(text);
  } catch {
    return null;
  }
}
