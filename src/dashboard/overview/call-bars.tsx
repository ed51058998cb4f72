/** Calls by step, with those that failed in their foot: a shape to see a change by. Tool activity has the figures. */
import { formatCount, formatCounted } from "#dashboard/parts/format-figure.ts";
import { callBars } from "./call-figures.ts";
import type { OutcomeSteps } from "./overview-answers.ts";

const HEIGHT = 48;
const WIDTH = 10;

export function CallBars({ steps }: { steps: OutcomeSteps }) {
  const bars = callBars(steps);
  const most = Math.max(1, ...bars.map(({ calls }) => calls));
  const errors = bars.reduce((sum, bar) => sum + bar.errors, 0);
  const total = bars.reduce((sum, bar) => sum + bar.calls, 0);
  const minutes = steps.step_seconds / 60;
  const summary =
    `${formatCounted(total, "call")}, ${formatCount(errors)} failed; ` +
    `at most ${formatCount(most)} in ${minutes === 1 ? "a minute" : `${minutes} minutes`}`;
  return (
    <figure class="call-bars">
      <svg
        viewBox={`0 0 ${bars.length * WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={summary}
      >
        <path class="fill-ok" d={barsPath(bars.map(({ calls }) => calls / most))} />
        <path class="bar-open" d={openPath(steps, bars.length)} />
        <path class="fill-server_error" d={barsPath(bars.map((bar) => bar.errors / most))} />
      </svg>
      <figcaption class="muted small">{summary}</figcaption>
    </figure>
  );
}

/** What is not zero is seen: a pixel at least. */
function barsPath(shares: readonly number[]): string {
  return shares
    .map((share, at) => {
      const height = share === 0 ? 0 : Math.max(1, share * HEIGHT);
      return `M${at * WIDTH} ${HEIGHT}v${-height}h${WIDTH - 1}v${height}z`;
    })
    .join("");
}

/** Over what is still being counted: a bar that is so far. */
function openPath({ from, step_seconds, counted_until }: OutcomeSteps, count: number): string {
  const counted = (Date.parse(counted_until) - Date.parse(from)) / 1000 / step_seconds;
  const first = Math.max(0, Math.floor(counted));
  if (first >= count) return "";
  const left = first * WIDTH;
  const lines = Array.from({ length: HEIGHT / 6 }, (_, at) => `M${left} ${at * 6 + 4}h${WIDTH}`);
  return lines.join("");
}
