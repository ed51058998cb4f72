/** An outcome is told three times: by colour, shape and word. */
import { type CallOutcome, OUTCOME_WORDS } from "./outcomes.ts";

/** In a square of 12. */
const SHAPES: Readonly<Record<CallOutcome, string>> = {
  ok: "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
  client_error: "M6 1l5.5 10h-11z",
  server_error: "M1 1h10v10h-10z",
  policy_denied: "M6 0l6 6l-6 6l-6-6z",
  quota_exceeded: "M1 1h10l-5 10.5z",
  idempotent_replay: "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10zM6 4a2 2 0 1 1 0 4a2 2 0 1 1 0-4z",
};

export function Swatch({ outcome }: { outcome: CallOutcome }) {
  return (
    <svg class={`swatch fill-${outcome}`} viewBox="0 0 12 12" aria-hidden="true">
      <path d={SHAPES[outcome]} fill-rule="evenodd" />
    </svg>
  );
}

export function Outcome({ outcome }: { outcome: CallOutcome }) {
  return (
    <span class="outcome">
      <Swatch outcome={outcome} />
      {OUTCOME_WORDS[outcome]}
    </span>
  );
}
