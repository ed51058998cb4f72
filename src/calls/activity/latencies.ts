/** Calls by half-octave of their durations. */
import { HALF_OCTAVE_MIN, HALF_OCTAVES, halfOctaveBounds } from "#formats/half-octave.ts";

export class Latencies {
  readonly #counts = new Float64Array(HALF_OCTAVES);
  #total = 0;

  add(halfOctave: number, count: number): void {
    this.#counts[halfOctave - HALF_OCTAVE_MIN]! += count;
    this.#total += count;
  }

  /** [half-octave, calls] of those that have some, the shortest first. */
  *entries(): Generator<readonly [number, number]> {
    for (const [index, count] of this.#counts.entries()) {
      if (count > 0) yield [index + HALF_OCTAVE_MIN, count];
    }
  }

  /**
   * Milliseconds; null without calls. It lies in the half-octave of the nearest rank, at the rank's part of it, as
   * Prometheus has it: off by less than a factor of 1.42, and by far less where many calls are close to each other.
   */
  quantileMs(quantile: number): number | null {
    const rank = Math.max(1, Math.ceil(quantile * this.#total));
    let below = 0;
    for (let index = 0; index < HALF_OCTAVES; index += 1) {
      const count = this.#counts[index]!;
      if (count > 0 && below + count >= rank) {
        return placeMs(index + HALF_OCTAVE_MIN, (rank - below - 0.5) / count);
      }
      below += count;
    }
    return null;
  }
}

/** In whole microseconds, as durations are kept. */
function placeMs(halfOctave: number, part: number): number {
  const [lower, upper] = halfOctaveBounds(halfOctave);
  return lower === 0 ? 0 : Math.round(lower * (upper / lower) ** part * 1e6) / 1e3;
}
