/** How a tool call ended. The order is stored in arrivals: append only. */
export const OUTCOMES = [
  "ok",
  "client_error",
  "server_error",
  "policy_denied",
  "quota_exceeded",
  "idempotent_replay",
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** One count per outcome, in the order of OUTCOMES. */
export type OutcomeCounts = readonly number[];

export const OK = OUTCOMES.indexOf("ok");

/** A replay answered from a cache is no call of the tool: it has no error, and no latency worth a bucket. */
export const REPLAY = OUTCOMES.indexOf("idempotent_replay");

export function outcomeIndex(outcome: Outcome): number {
  return OUTCOMES.indexOf(outcome);
}

/** Calls: every sample but replays; equals the count of the latency histogram. */
export function callsOf(counts: OutcomeCounts): number {
  return counts.reduce((sum, count, outcome) => (outcome === REPLAY ? sum : sum + count), 0);
}

/** Errors: calls that ended otherwise than `ok`. */
export function errorsOf(counts: OutcomeCounts): number {
  return callsOf(counts) - (counts[OK] ?? 0);
}
