import {
  coveredTimes,
  type LabelNames,
  type TopAnswer,
  type TopRow,
} from "#dashboard/activity/answers.ts";
import { type Asking, useFigures } from "#dashboard/activity/asking.ts";
import { outcomesCounted } from "#dashboard/activity/drill-down.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatDuration, formatShare } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { FAILED } from "#dashboard/parts/outcomes.ts";
import { Link } from "#dashboard/place/link.tsx";
import { hrefWith } from "#dashboard/place/place.ts";
import { AskedFigure } from "./asked-figure.tsx";
import { callsHref } from "./column-drill.ts";

const DIMENSIONS: readonly { by: LabelNames; title: string; shown: readonly LabelNames[] }[] = [
  { by: "tool", title: "Tools", shown: ["tool", "plugin", "workspace"] },
  { by: "plugin", title: "Plugins", shown: ["plugin", "workspace"] },
  { by: "workspace", title: "Workspaces", shown: ["workspace"] },
  { by: "actor", title: "Actors", shown: ["actor"] },
  { by: "instance", title: "Instances", shown: ["instance"] },
  { by: "error_code", title: "Error codes", shown: ["error_code"] },
];

export const LABEL_TITLES: Readonly<Record<LabelNames, string>> = {
  tool: "Tool",
  plugin: "Plugin",
  workspace: "Workspace",
  actor: "Actor",
  instance: "Instance",
  error_code: "Error code",
};

const METRICS = ["calls", "errors", "p95"] as const;
const ROWS_MAX = 20;

export function TopFigure({ asking }: { asking: Asking }) {
  const { query } = asking;
  const dimension = DIMENSIONS.find(({ by }) => by === query.get("by")) ?? DIMENSIONS[0]!;
  const metric = METRICS.find((one) => one === query.get("metric")) ?? "calls";
  const more = { by: dimension.by, metric, limit: ROWS_MAX };
  const asked = useFigures<TopAnswer>(asking, "activity/top", more);
  return (
    <section class="panel top" aria-labelledby="top-title">
      <div class="chart-head">
        <h2 id="top-title">Top {dimension.title.toLowerCase()}</h2>
        <nav class="segments" aria-label="Top of what">
          {DIMENSIONS.map(({ by, title }) => (
            <Link
              key={by}
              href={hrefWith({ by: by === "tool" ? null : by })}
              aria-current={by === dimension.by ? "true" : undefined}
            >
              {title}
            </Link>
          ))}
        </nav>
      </div>
      <AskedFigure asked={asked} zone={asking.zone} label={`Loading top ${dimension.title}`}>
        {(answer) => (
          <TopTable asking={asking} answer={answer} shown={dimension.shown} metric={metric} />
        )}
      </AskedFigure>
    </section>
  );
}

interface TopTableTerms {
  asking: Asking;
  answer: TopAnswer;
  shown: readonly LabelNames[];
  metric: string;
}

function TopTable({ asking, answer, shown, metric }: TopTableTerms) {
  const times = coveredTimes(answer);
  const count = (row: TopRow, calls: number, outcomes: readonly string[]) => {
    if (calls === 0) return 0;
    const href = callsHref(asking.query, { ...times, outcomes, labels: row.labels });
    return <Link href={href}>{formatCount(calls)}</Link>;
  };
  return (
    <DataTable
      caption={<TopCaption answer={answer} />}
      rows={answer.rows}
      keyOf={(row) => JSON.stringify(row.labels)}
      sort={{
        key: metric,
        isDescending: true,
        hrefOf: (key) => hrefWith({ metric: key === "calls" ? null : key }),
      }}
      columns={[
        ...shown.map((name) => ({
          key: name,
          title: LABEL_TITLES[name],
          render: ({ labels }: TopRow) => <LabelText value={labels[name]} />,
        })),
        {
          key: "calls",
          title: "Calls",
          align: "end",
          sortKey: "calls",
          render: (row) => count(row, row.calls, outcomesCounted(asking.query)),
        },
        {
          key: "errors",
          title: "Failed",
          align: "end",
          sortKey: "errors",
          render: (row) => count(row, row.errors, FAILED),
        },
        {
          key: "ratio",
          title: "Error ratio",
          align: "end",
          render: (row) => formatShare(row.calls === 0 ? null : row.errors / row.calls),
        },
        {
          key: "p95",
          title: "p95",
          align: "end",
          sortKey: "p95",
          render: (row) => formatDuration(row.p95_ms),
        },
      ]}
    />
  );
}

function TopCaption({ answer }: { answer: TopAnswer }) {
  const { rows, total } = answer;
  const shown = rows.reduce((sum, { calls }) => sum + calls, 0);
  return (
    <>
      {formatCount(rows.length)} with {formatCount(shown)} of {formatCount(total.calls)} calls,
      replays left out
    </>
  );
}

/** Of calls that have none, it is empty. */
export function LabelText({ value }: { value: string | undefined }) {
  return value === undefined || value === "" ? (
    <span class="muted">none</span>
  ) : (
    <Hostile text={value} />
  );
}
