/** Fills that are told apart without colour: a pattern of the ground over each outcome's own. */

import type { CallOutcome } from "#dashboard/parts/outcomes.ts";
import { UNHEARD } from "./unheard.ts";

/** In a square of 6, repeated. Of `ok` there is most: it stays plain. */
const INK: Readonly<Record<CallOutcome, string>> = {
  ok: "",
  client_error: "M-1 1l2-2M0 6l6-6M5 7l2-2",
  server_error: "M0 0l6 6M0 6l6-6",
  policy_denied: "M3 0v6",
  quota_exceeded: "M0 3h6",
  idempotent_replay: "M0 3h6M3 0v6",
};

export function patternId(chart: string, outcome: CallOutcome): string {
  return `${chart}-${outcome}`;
}

export function OutcomePattern({ chart, outcome }: { chart: string; outcome: CallOutcome }) {
  return (
    <pattern
      id={patternId(chart, outcome)}
      width="6"
      height="6"
      patternUnits="userSpaceOnUse"
      {...UNHEARD}
    >
      <rect class={`fill-${outcome}`} width="6" height="6" />
      <path class="pattern-ink" d={INK[outcome]} />
    </pattern>
  );
}
