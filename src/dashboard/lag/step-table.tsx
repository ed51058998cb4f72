/** The strips as figures, newest first; each row leads to the calls that it is of. */

import { useState } from "preact/hooks";
import type { InstanceRow } from "#dashboard/overview/overview-answers.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatDuration, formatTime } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { hrefFor, place } from "#dashboard/place/place.ts";
import { rangeChanges, zoneOf } from "#dashboard/place/time-range.ts";
import type { InstanceLag, LagAnswer } from "./lag-answer.ts";
import { heardOf, STEP_WORDS, stepStartMs, stepState } from "./step-state.ts";

interface StepRow {
  readonly lag: InstanceLag;
  readonly step: number;
  readonly startMs: number;
}

interface StepTableTerms {
  answer: LagAnswer;
  instances: readonly InstanceRow[] | null;
  isOpen: boolean;
}

/** More rows than this are no table that one reads: an instance is chosen first. */
const ROWS_MAX = 300;

export function StepTable({ answer, instances, isOpen }: StepTableTerms) {
  const [isShown, setIsShown] = useState(isOpen);
  const all = answer.series.flatMap((lag) =>
    lag.calls.map((_, step): StepRow => ({ lag, step, startMs: stepStartMs(answer, step) })),
  );
  if (all.length === 0) return null;
  return (
    <details open={isShown} onToggle={(event) => setIsShown(event.currentTarget.open)}>
      <summary>As a table</summary>
      {isShown && <Steps answer={answer} instances={instances} all={all} />}
    </details>
  );
}

interface StepsTerms extends Omit<StepTableTerms, "isOpen"> {
  all: StepRow[];
}

function Steps({ answer, instances, all }: StepsTerms) {
  const zone = zoneOf(place.value.query);
  const rows = all.sort((a, b) => b.startMs - a.startMs).slice(0, ROWS_MAX);
  const stateOf = ({ lag, step }: StepRow) => {
    const heard = heardOf(instances?.find(({ id }) => id === lag.instance));
    return stepState(answer, step, { calls: lag.calls[step] ?? 0, ...heard });
  };
  const callsOf = (row: StepRow) => {
    const state = stateOf(row);
    return state === "calls" ? formatCount(row.lag.calls[row.step]!) : STEP_WORDS[state];
  };
  return (
    <DataTable
      caption={
        rows.length < all.length
          ? `The newest ${ROWS_MAX} of ${formatCount(all.length)} steps: choose an instance for all of its own`
          : `${formatCount(rows.length)} steps, newest first`
      }
      columns={[
        { key: "time", title: "Began", render: ({ startMs }) => formatTime(startMs, zone) },
        { key: "id", title: "Instance", render: ({ lag }) => <Hostile text={lag.instance} /> },
        { key: "calls", title: "Calls", align: "end", render: callsOf },
        { key: "p50", title: "p50", align: "end", render: at("p50_ms") },
        { key: "p95", title: "p95", align: "end", render: at("p95_ms") },
        {
          key: "ahead",
          title: "Before their end",
          align: "end",
          render: ({ lag, step }) => formatCount(lag.ahead[step] ?? 0),
        },
      ]}
      rows={rows}
      keyOf={({ lag, startMs }) => `${startMs} ${lag.instance}`}
      rowHref={({ lag, startMs }) => callsHref(lag.instance, startMs, answer.step_seconds)}
    />
  );
}

function at(name: "p50_ms" | "p95_ms") {
  return ({ lag, step }: StepRow) => formatDuration(lag[name][step] ?? null);
}

function callsHref(instance: string, startMs: number, stepSeconds: number): string {
  const range = { kind: "fixed", fromMs: startMs, toMs: startMs + stepSeconds * 1000 } as const;
  const { from, to } = rangeChanges(range);
  return hrefFor("activity", { last: null, from, to, instance, view: "calls" });
}
