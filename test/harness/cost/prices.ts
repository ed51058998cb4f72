/**
 * List prices in US dollars, without what the plan includes, and without storage. As of November 2026:
 * developers.cloudflare.com/{d1,durable-objects,workers}/platform/pricing/
 */
export const USD_PER_MILLION = {
  /** Of D1 and of an object's SQLite; a row of an index is a row, and so is an alarm that is set. */
  rowsWritten: 1,
  rowsRead: 0.001,
  /** To a Worker, ticks among them. Calls between Workers by a binding are free. */
  requests: 0.3,
  cpuMs: 0.02,
  /** Calls and alarms of Durable Objects. */
  objectRequests: 0.15,
  /** While an object has something to do: one that waits to be evicted is free. */
  objectGbSeconds: 12.5,
} as const;

export type Billed = keyof typeof USD_PER_MILLION;

/** An object is billed for all that it may have: 128 MB. */
export const GB_PER_OBJECT = 0.128;

/** For a million calls, by kind: of what one takes. */
export function usdPerMillionCalls(usePerCall: Record<Billed, number>): Record<Billed, number> {
  const kinds = Object.entries(USD_PER_MILLION) as [Billed, number][];
  return Object.fromEntries(kinds.map(([kind, usd]) => [kind, usePerCall[kind] * usd])) as Record<
    Billed,
    number
  >;
}
