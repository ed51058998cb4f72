/** Calls by step, with those that failed in their foot: a shape to see a change by. Tool activity has the figures. */
import { formatCount } from "#dashboard/parts/format-figure.ts";
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
    `${formatCount(total)} calls, ${formatCount(errors)} failed; ` +
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
