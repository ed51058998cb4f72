/** A figure through its states, and, where it is not of all that was asked, that it is not. */
import type { ComponentChildren } from "preact";
import type { ActivityHead } from "#dashboard/activity/answers.ts";
import { PartNotice } from "#dashboard/activity/counted-until.tsx";
import type { Asked } from "#dashboard/api/ask.ts";
import { Answered } from "#dashboard/parts/answered.tsx";
import type { Zone } from "#dashboard/place/time-range.ts";

interface AskedFigureTerms<T extends ActivityHead> {
  asked: Asked<T>;
  zone: Zone;
  label: string;
  children(data: T): ComponentChildren;
}

export function AskedFigure<T extends ActivityHead>(terms: AskedFigureTerms<T>) {
  const { asked, zone, label, children } = terms;
  return (
    <Answered asked={asked} label={label}>
      {(data) => (
        <div class="asked">
          <PartNotice head={data} zone={zone} />
          {children(data)}
        </div>
      )}
    </Answered>
  );
}
