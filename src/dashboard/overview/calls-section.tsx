import type { Asked } from "#dashboard/api/ask.ts";
import { Answered } from "#dashboard/parts/answered.tsx";
import { Figure } from "#dashboard/parts/figure.tsx";
import {
  formatCount,
  formatCounted,
  formatDuration,
  formatShare,
} from "#dashboard/parts/format-figure.ts";
import { FAILED } from "#dashboard/parts/outcomes.ts";
import { Empty } from "#dashboard/parts/states.tsx";
import { hrefFor } from "#dashboard/place/place.ts";
import { CallBars } from "./call-bars.tsx";
import { callFigures } from "./call-figures.ts";
import { Coverage } from "./coverage.tsx";
import type { LatencyCells, OutcomeSteps } from "./overview-answers.ts";
import { quantileMs } from "./quantiles.ts";

interface CallsSectionTerms {
  steps: Asked<OutcomeSteps>;
  cells: Asked<LatencyCells>;
}

export function CallsSection({ steps, cells }: CallsSectionTerms) {
  return (
    <section class="panel" aria-label="Calls">
      <Answered asked={steps} label="Counting the calls">
        {(data) => (
          <>
            <CallTiles steps={data} cells={cells} />
            <CallBars steps={data} />
            <Coverage of={data} />
          </>
        )}
      </Answered>
    </section>
  );
}

function CallTiles({ steps, cells }: { steps: OutcomeSteps; cells: Asked<LatencyCells> }) {
  const { calls, errors, errorRatio, replays } = callFigures(steps);
  if (calls + replays === 0) {
    return (
      <Empty title="No calls in this time">
        <p>Gateways may have reported none, or there were none to report: see the fleet below.</p>
      </Empty>
    );
  }
  const failed = hrefFor("activity", { outcome: FAILED.join(",") });
  return (
    <div class="figures">
      <Figure
        label="Calls"
        value={formatCount(calls)}
        note={replays === 0 ? "no replays" : `and ${formatCounted(replays, "replay")}`}
        href={hrefFor("activity")}
      />
      <Figure
        label="Error ratio"
        value={formatShare(errorRatio)}
        note={formatCounted(errors, "call")}
        href={failed}
      />
      {[0.5, 0.95, 0.99].map((quantile) => (
        <Figure
          key={quantile}
          label={`p${quantile * 100}`}
          value={cells.data === null ? "…" : formatDuration(quantileMs(cells.data.cells, quantile))}
          note={cells.error === null ? "estimate, within a factor of 1.4" : "from before"}
          href={hrefFor("activity")}
        />
      ))}
    </div>
  );
}
