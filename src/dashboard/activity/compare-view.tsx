/** What differs: the values that a selection has more often, or less, than what lies around it. */

import { AskedFigure } from "#dashboard/activity/figures/asked-figure.tsx";
import { callsHref } from "#dashboard/activity/figures/column-drill.ts";
import { LABEL_TITLES, LabelText } from "#dashboard/activity/figures/top-figure.tsx";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatDuration, formatShare } from "#dashboard/parts/format-figure.ts";
import { FAILED } from "#dashboard/parts/outcomes.ts";
import { Empty } from "#dashboard/parts/states.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf } from "#dashboard/place/place.ts";
import { FILTER_NAMES, type FilterName, SELECTION_NAMES } from "./activity-question.ts";
import { type CompareAnswer, type ComparedShare, coveredTimes } from "./answers.ts";
import { type Asking, useFigures } from "./asking.ts";
import { type Drill, outcomesCounted, zoomQuery } from "./drill-down.ts";
import { compareQuery, selectionDrill, selectionParams } from "./selection-query.ts";
import { spanLabel } from "./shown-times.ts";

export function CompareView({ asking }: { asking: Asking }) {
  const hasSelection = SELECTION_NAMES.some((name) => asking.query.has(name));
  return (
    <section class="panel compare" aria-labelledby="compare-title">
      <h2 id="compare-title" tabIndex={-1}>
        What differs in a selection
      </h2>
      {hasSelection ? <Compared asking={asking} /> : <ChooseSelection asking={asking} />}
    </section>
  );
}

function ChooseSelection({ asking }: { asking: Asking }) {
  const failed = hrefOf({ query: compareQuery(asking.query, { outcomes: FAILED }) });
  const charts = new Map([...asking.query, ["brush", "compare"]]);
  charts.delete("view");
  return (
    <Empty title="Nothing is selected yet">
      <p>
        A selection is compared with all other calls of the range: which values does it have more
        often?
      </p>
      <ul class="choices">
        <li>
          <Link href={failed}>Compare failed calls with the others</Link>
        </li>
        <li>
          <Link href={hrefOf({ query: charts })}>Draw a selection on the charts</Link>
        </li>
      </ul>
    </Empty>
  );
}

function Compared({ asking }: { asking: Asking }) {
  const { query, zone } = asking;
  const asked = useFigures<CompareAnswer>(asking, "activity/compare", selectionParams(query));
  return (
    <AskedFigure asked={asked} zone={zone} label="Comparing">
      {(answer) => (
        <>
          <p class="chart-summary">
            <Link class="selection-count" href={callsHref(query, counted(asking, answer))}>
              {formatCount(answer.selection.calls)} calls selected
            </Link>
            {` (${selectionWords(asking)}) against ${formatCount(answer.baseline.calls)} others. `}
            <Link href={hrefOf({ query: without(zoomQuery(query, counted(asking, answer))) })}>
              Zoom in to it
            </Link>
          </p>
          <div class="compare-fields">
            {answer.fields.map(({ field, values }) => (
              <FieldTable
                key={field}
                asking={asking}
                answer={answer}
                field={field}
                values={values}
              />
            ))}
          </div>
        </>
      )}
    </AskedFigure>
  );
}

function without(query: Map<string, string>): Map<string, string> {
  query.delete("view");
  return query;
}

/** The calls that were selected, as a list has them: of those looked at, replays left out as in all figures. */
function counted({ query, times }: Asking, answer: CompareAnswer): Drill {
  const selection = selectionDrill(query, times);
  const covered = coveredTimes(answer);
  const outcomes = outcomesCounted(query);
  return {
    ...selection,
    fromMs: Math.max(selection.fromMs, covered.fromMs),
    toMs: Math.min(selection.toMs, covered.toMs),
    outcomes: selection.outcomes?.filter((outcome) => outcomes.includes(outcome)) ?? outcomes,
  };
}

function selectionWords({ query, zone, times }: Asking): string {
  const { fromMs, toMs, minDurationMs, maxDurationMs, outcomes } = selectionDrill(query, times);
  const parts = [spanLabel({ fromMs, toMs }, zone)];
  if (minDurationMs != null) parts.push(`from ${formatDuration(minDurationMs)}`);
  if (maxDurationMs != null) parts.push(`up to ${formatDuration(maxDurationMs)}`);
  if (outcomes !== undefined) parts.push(outcomes.join(", ").replaceAll("_", " "));
  return parts.join(", ");
}

interface FieldTableTerms {
  asking: Asking;
  answer: CompareAnswer;
  field: string;
  values: readonly ComparedShare[];
}

function FieldTable({ asking, answer, field, values }: FieldTableTerms) {
  const selection = counted(asking, answer);
  const name = FILTER_NAMES.find((one) => one === field);
  const share = (calls: number, total: number) => (total === 0 ? null : calls / total);
  return (
    <DataTable
      caption={titleOf(field)}
      rows={values}
      keyOf={({ value }) => JSON.stringify(value)}
      columns={[
        { key: "value", title: "Value", render: ({ value }) => <LabelText value={value} /> },
        {
          key: "selection",
          title: "Selected",
          align: "end",
          render: ({ value, selection: calls }) => (
            <>
              {name === undefined || calls === 0 ? (
                formatCount(calls)
              ) : (
                <Link href={callsHref(asking.query, drillTo(selection, name, value))}>
                  {formatCount(calls)}
                </Link>
              )}
              {` (${formatShare(share(calls, answer.selection.calls))})`}
              <ShareBar share={share(calls, answer.selection.calls)} kind="selected" />
            </>
          ),
        },
        {
          key: "baseline",
          title: "Others",
          align: "end",
          render: ({ baseline: calls }) => (
            <>
              {`${formatCount(calls)} (${formatShare(share(calls, answer.baseline.calls))})`}
              <ShareBar share={share(calls, answer.baseline.calls)} kind="others" />
            </>
          ),
        },
      ]}
    />
  );
}

function drillTo(selection: Drill, name: FilterName, value: string) {
  return name === "outcome"
    ? { ...selection, outcomes: [value] }
    : { ...selection, labels: { [name]: value } };
}

function titleOf(field: string): string {
  const titles: Readonly<Record<string, string>> = {
    ...LABEL_TITLES,
    outcome: "Outcome",
    error_fingerprint: "Error group",
  };
  return titles[field] ?? field.replaceAll("_", " ");
}

function ShareBar({ share, kind }: { share: number | null; kind: "selected" | "others" }) {
  const width = `${Math.round((share ?? 0) * 100)}%`;
  return (
    <span class={`share-bar share-${kind}`} aria-hidden="true">
      <span style={{ width }} />
    </span>
  );
}
