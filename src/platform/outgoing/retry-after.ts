/**
 * The wait that a `Retry-After` asks for (RFC 9110 §10.2.3), in seconds or by a date;
 * null where it is neither.
 */
export function parseRetryAfter(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1_000;
  // Date.parse alone takes much that is no HTTP-date, such as "-1".
  const atMs = /^[A-Z][a-z]{2,8}[, ]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
