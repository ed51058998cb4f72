/** Activity over time: three figures of one answer, the heat map of another. */
import { useEffect, useState } from "preact/hooks";
import { stepSeconds } from "#dashboard/activity/activity-question.ts";
import type { ActivityAnswer } from "#dashboard/activity/answers.ts";
import { type Asking, useFigures } from "#dashboard/activity/asking.ts";
import { CountedUntil } from "#dashboard/activity/counted-until.tsx";
import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { AskedFigure } from "./asked-figure.tsx";
import { HeatFigure } from "./heat-figure.tsx";
import { OutcomeFigure } from "./outcome-figure.tsx";
import { PercentileFigure } from "./percentile-figure.tsx";
import { RatioFigure } from "./ratio-figure.tsx";
import { TopFigure } from "./top-figure.tsx";

/** Columns that can be hit: about ten pixels each, on a phone too. */
const COLUMNS_WIDE = 60;
const COLUMNS_NARROW = 24;
/** A range of so many steps that begins within one has two more. */
const ENDS = 2;

export function ChartsView({ asking }: { asking: Asking }) {
  const columns = useColumns();
  const step = stepSeconds(asking.times, columns, serverNowMs());
  const asked = useFigures<ActivityAnswer>(asking, "activity", { step, group_by: "outcome" });
  return (
    <>
      <AskedFigure asked={asked} zone={asking.zone} label="Loading activity">
        {(answer) => (
          <>
            <OutcomeFigure asking={asking} answer={answer} />
            <div class="chart-pair">
              <RatioFigure asking={asking} answer={answer} />
              <PercentileFigure asking={asking} answer={answer} />
            </div>
            <CountedUntil head={answer} zone={asking.zone} />
          </>
        )}
      </AskedFigure>
      <HeatFigure asking={asking} columns={columns + ENDS} />
      <TopFigure asking={asking} />
    </>
  );
}

function useColumns(): number {
  const [isNarrow, setIsNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const list = matchMedia(NARROW);
    const note = () => setIsNarrow(list.matches);
    list.addEventListener("change", note);
    return () => list.removeEventListener("change", note);
  }, []);
  return isNarrow ? COLUMNS_NARROW : COLUMNS_WIDE;
}

const NARROW = "(max-width: 600px)";
