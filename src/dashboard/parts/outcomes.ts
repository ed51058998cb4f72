/** The six outcomes of a call, in the order that they are stacked and listed everywhere. */
export const OUTCOMES = [
  "ok",
  "client_error",
  "server_error",
  "policy_denied",
  "quota_exceeded",
  "idempotent_replay",
] as const;

export type CallOutcome = (typeof OUTCOMES)[number];

/** Colour is never all there is: each has a shape and a word besides. */
export const OUTCOME_WORDS: Readonly<Record<CallOutcome, string>> = {
  ok: "ok",
  client_error: "client error",
  server_error: "server error",
  policy_denied: "policy denied",
  quota_exceeded: "quota exceeded",
  idempotent_replay: "replay",
};

/** What a figure of calls counts: all but replays. */
export const COUNTED: readonly CallOutcome[] = OUTCOMES.filter(
  (one) => one !== "idempotent_replay",
);
export const FAILED: readonly CallOutcome[] = COUNTED.filter((one) => one !== "ok");

export function isOutcome(text: string): text is CallOutcome {
  return (OUTCOMES as readonly string[]).includes(text);
}
