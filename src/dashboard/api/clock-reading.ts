/** What one answer says about the server's clock: by how much it is ahead of a monotonic one, give or take. */
export interface Reading {
  readonly aheadMs: number;
  readonly uncertainMs: number;
}

/** The header's time is cut to the second, and was said at some moment of the round trip. */
const SECOND_MS = 1000;

export function readingOf(serverMs: number, sentMs: number, receivedMs: number): Reading {
  const earliest = serverMs - receivedMs;
  const latest = serverMs + SECOND_MS - sentMs;
  return { aheadMs: (earliest + latest) / 2, uncertainMs: (latest - earliest) / 2 };
}

/** Both hold where they overlap, which is narrower than either; a clock that was set is believed at once. */
export function better(known: Reading | null, read: Reading): Reading {
  if (known === null) return read;
  const low = Math.max(known.aheadMs - known.uncertainMs, read.aheadMs - read.uncertainMs);
  const high = Math.min(known.aheadMs + known.uncertainMs, read.aheadMs + read.uncertainMs);
  if (low > high) return read;
  return { aheadMs: (low + high) / 2, uncertainMs: (high - low) / 2 };
}
