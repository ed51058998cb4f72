/**
 * MurmurHash3_x86_32 of whole 32-bit words (Austin Appleby, public domain: github.com/aappleby/smhasher,
 * MurmurHash3.cpp). It spreads what is random or counts up, and holds off nobody who looks for collisions.
 */
export function murmur3(words: readonly number[], seed: number): number {
  let hash = seed;
  for (const word of words) {
    hash ^= Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
    hash = (Math.imul(rotated(hash, 13), 5) + 0xe6546b64) | 0;
  }
  hash ^= words.length * 4;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
