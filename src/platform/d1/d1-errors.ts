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

/** Looks through the causes, for drizzle wraps what D1 throws. */
export function isTransientD1Error(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // A wrapper's own message quotes the statement's parameters, which may quote anything.
  const isWrapper = error.cause instanceof Error;
  if (isWrapper) return isTransientD1Error(error.cause);
  return TRANSIENT.some((phrase) => error.message.includes(phrase));
}
