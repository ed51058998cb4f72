/**
 * D1 has no error codes, only messages. These are the ones that a healthy database gives now and
 * then (Cloudflare, D1 "Error list"): the request may be sent again.
 */
const TRANSIENT = [
  "Network connection lost",
  "storage caused object to be reset",
  "reset because its code was updated",
  "due to transient issue",
  "Internal error",
  "overloaded",
  "exceeded timeout",
  "Too many requests queued",
  "no longer active",
];

/**
 * A database that can grow no more: SQLite's own words, where the disk is full or a Durable Object has its
 * 10 GB, and D1's at its limit. What is there can still be read, and somebody has to make room.
 */
const FULL = ["SQLITE_FULL", "database or disk is full", "Exceeded maximum DB size"];

export function isTransientD1Error(error: unknown): boolean {
  return says(error, TRANSIENT);
}

export function isStorageFull(error: unknown): boolean {
  return says(error, FULL);
}

/** Looks through the causes, for drizzle wraps what D1 throws. */
function says(error: unknown, phrases: readonly string[]): boolean {
  if (!(error instanceof Error)) return false;
  // A wrapper's own message quotes the statement's parameters, which may quote anything.
  if (error.cause instanceof Error) return says(error.cause, phrases);
  return phrases.some((phrase) => error.message.includes(phrase));
}
