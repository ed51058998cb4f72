/**
 * What a sealed payload tells by its length: its size class, four to an octave and one for all that is short. A class
 * takes a quarter more at most and an eighth on average; of 256 KiB down there are 41, so that a length tells five bits.
 */
export const PADDED_BYTES_MIN = 256;
const CLASSES_PER_OCTAVE_LOG2 = 2;

/** The size of the class that so many bytes are in. */
export function paddedSize(bytes: number): number {
  if (bytes <= PADDED_BYTES_MIN) return PADDED_BYTES_MIN;
  const octave = 31 - Math.clz32(bytes);
  const step = 2 ** (octave - CLASSES_PER_OCTAVE_LOG2);
  return Math.ceil(bytes / step) * step;
}
