import { notCounted } from "#dashboard/overview/not-counted.ts";
import type { InstanceRow } from "#dashboard/overview/overview-answers.ts";
import { Figure } from "#dashboard/parts/figure.tsx";
import { formatCount, formatDuration, UNKNOWN } from "#dashboard/parts/format-figure.ts";
import type { InstanceLag, LagAnswer } from "./lag-answer.ts";
import { lagVerdict } from "./lag-verdict.ts";

interface LagTilesTerms {
  answer: LagAnswer;
  instances: readonly InstanceRow[] | null;
}

export function LagTiles({ answer, instances }: LagTilesTerms) {
  const verdicts = answer.series.map((lag) => lagVerdict(lag).kind);
  const heldUp = verdicts.filter((kind) => kind === "held_up").length;
  const skewed = verdicts.filter(
    (kind) => kind === "clock_ahead" || kind === "clock_behind",
  ).length;
  const slowest = slowestNow(answer.series);
  const silent = instances?.filter(({ state }) => state === "stale").length ?? null;
  return (
    <div class="figures">
      <Figure
        label="Slowest, p95"
        value={formatDuration(slowest)}
        note={slowest === null ? "no calls in this time" : "at any time of the range"}
      />
      <Figure
        label="Held up now"
        value={formatCount(heldUp)}
        note={heldUp === 0 ? "no instance waits" : "instances whose calls wait"}
        tone={heldUp > 0 ? "bad" : undefined}
      />
      <Figure
        label="Clocks in doubt"
        value={formatCount(skewed)}
        note={skewed === 0 ? "none is ahead or behind" : "ahead, or steadily behind"}
        tone={skewed > 0 ? "warn" : undefined}
      />
      <Figure label="Not counted yet" {...notCounted(answer.counted_until)} />
      <Figure
        label="Silent"
        value={silent === null ? UNKNOWN : formatCount(silent)}
        note="instances without a report for 90 s"
        tone={silent !== null && silent > 0 ? "warn" : undefined}
      />
    </div>
  );
}

function slowestNow(series: readonly InstanceLag[]): number | null {
  const lags = series.flatMap(({ p95_ms }) => p95_ms).filter((ms) => ms !== null);
  return lags.length === 0 ? null : Math.max(...lags);
}
