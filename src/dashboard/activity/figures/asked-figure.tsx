/** A figure through its states: loading, failed, stale, partial, and what it shows. */
import type { ComponentChildren } from "preact";
import type { ActivityHead } from "#dashboard/activity/answers.ts";
import { PartNotice } from "#dashboard/activity/coverage.tsx";
import type { Asked } from "#dashboard/api/ask.ts";
import { Failed, Loading, Stale } from "#dashboard/parts/states.tsx";
import type { Zone } from "#dashboard/place/time-range.ts";

interface AskedFigureTerms<T extends ActivityHead> {
  asked: Asked<T>;
  zone: Zone;
  label: string;
  children(data: T): ComponentChildren;
}

export function AskedFigure<T extends ActivityHead>(terms: AskedFigureTerms<T>) {
  const { asked, zone, label, children } = terms;
  const { data, error, isLoading, atMs, retry } = asked;
  if (data === null) {
    return error !== null && !isLoading ? (
      <Failed problem={error} retry={retry} />
    ) : (
      <Loading label={label} />
    );
  }
  return (
    <div class="asked" aria-busy={isLoading}>
      {error !== null && <Stale atMs={atMs} problem={error} retry={retry} />}
      <PartNotice head={data} zone={zone} />
      {children(data)}
    </div>
  );
}
