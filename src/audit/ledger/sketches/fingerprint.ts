/**
 * FNV-1a, 32 bits, over the UTF-16 code units. Begun with another number for each column, so that no value is
 * looked up as another column's.
 */
export function fingerprint(start: number, text: string): number {
  let hash = start;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

/** As runs hold it. */
export function bigEndian(hash: number): ArrayBuffer {
  const bytes = new ArrayBuffer(4);
  new DataView(bytes).setUint32(0, hash);
  return bytes;
}
