/** One instance's lag over time: a bar a step, by height, and a mark of its own for each reason that there is none. */
import { formatDuration } from "#dashboard/parts/format-figure.ts";
import type { InstanceLag, LagAnswer } from "./lag-answer.ts";
import { LAG_LINES_MS, lagHeight } from "./lag-height.ts";
import { type Heard, STEP_WORDS, type StepState, stepState } from "./step-state.ts";

const HEIGHT = 40;
const STEP = 10;

interface LagStripTerms {
  answer: LagAnswer;
  lag: InstanceLag;
  heard: Heard;
}

export function LagStrip({ answer, lag, heard }: LagStripTerms) {
  const states = lag.calls.map((calls, step) => stepState(answer, step, { calls, ...heard }));
  const width = lag.calls.length * STEP;
  return (
    <svg
      class="lag-strip"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={summaryOf(lag, states)}
    >
      {LAG_LINES_MS.map((ms) => (
        <path key={ms} class="lag-line" d={`M0 ${yOf(ms)}h${width}`} />
      ))}
      <path class="lag-bar" d={lag.p95_ms.map((ms, step) => barOf(ms, step)).join("")} />
      <path class="lag-none" d={marksOf(states, "none", `v-2h${STEP - 2}v2z`)} />
      <path class="lag-lost" d={marksOf(states, "maybe_lost", `v-10h${STEP - 2}v10z`)} />
      <path class="lag-before" d={marksOf(states, "before_first", `v-1h${STEP}v1z`)} />
      <path class="lag-silent" d={marksOf(states, "no_report", `v-${HEIGHT}h${STEP}v${HEIGHT}z`)} />
      <path class="lag-ahead" d={lag.ahead.map((calls, step) => aheadOf(calls, step)).join("")} />
    </svg>
  );
}

function yOf(ms: number): number {
  return HEIGHT - lagHeight(ms) * HEIGHT;
}

function barOf(ms: number | null, step: number): string {
  if (ms === null) return "";
  const height = lagHeight(ms) * HEIGHT;
  return `M${step * STEP + 1} ${HEIGHT}v${-height}h${STEP - 2}v${height}z`;
}

function aheadOf(calls: number, step: number): string {
  return calls === 0 ? "" : `M${step * STEP + 1} 0h${STEP - 2}l${1 - STEP / 2} 9z`;
}

function marksOf(states: readonly StepState[], state: StepState, path: string): string {
  return states
    .map((one, step) => (one === state ? `M${step * STEP} ${HEIGHT}${path}` : ""))
    .join("");
}

const UNTOLD = [
  "none",
  "maybe_lost",
  "before_first",
  "no_report",
  "not_yet",
  "not_looked_at",
] as const;

function summaryOf({ p95_ms, ahead }: InstanceLag, states: readonly StepState[]): string {
  const lags = p95_ms.filter((ms) => ms !== null);
  const told = lags.length === 0 ? [] : [`p95 at most ${formatDuration(Math.max(...lags))}`];
  for (const state of UNTOLD) {
    const count = states.filter((one) => one === state).length;
    if (count > 0) told.push(`${STEP_WORDS[state]} in ${count} of ${states.length} steps`);
  }
  const early = ahead.reduce((a, b) => a + b, 0);
  if (early > 0) told.push(`${early} calls arrived before they ended`);
  return told.join("; ");
}
