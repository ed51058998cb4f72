import { InstanceState } from "#dashboard/overview/instance-state.tsx";
import type { InstanceRow } from "#dashboard/overview/overview-answers.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatCounted, formatDuration } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Empty } from "#dashboard/parts/states.tsx";
import { Verdict } from "#dashboard/parts/verdict.tsx";
import { hrefWith } from "#dashboard/place/place.ts";
import type { InstanceLag, LagAnswer } from "./lag-answer.ts";
import { LagStrip } from "./lag-strip.tsx";
import { lagVerdict } from "./lag-verdict.ts";
import { silentLags } from "./silent-lags.ts";
import { heardOf } from "./step-state.ts";

interface LagTableTerms {
  answer: LagAnswer;
  instances: readonly InstanceRow[] | null;
}

export function LagTable({ answer, instances }: LagTableTerms) {
  const known = new Map(instances?.map((row) => [row.id, row]));
  const rows = [...answer.series, ...silentLags(answer, instances ?? [])];
  if (rows.length === 0) {
    return (
      <Empty title="No instance is known">
        <p>None reported in this time, and none is remembered from before it.</p>
      </Empty>
    );
  }
  return (
    <DataTable
      caption={`${formatCounted(rows.length, "instance")}, the slowest first`}
      columns={[
        { key: "id", title: "Instance", render: ({ instance }) => <Hostile text={instance} /> },
        { key: "state", title: "State", render: (lag) => stateOf(known.get(lag.instance)) },
        {
          key: "strip",
          title: "Lag over time",
          render: (lag) => (
            <LagStrip answer={answer} lag={lag} heard={heardOf(known.get(lag.instance))} />
          ),
        },
        { key: "p95", title: "Worst p95", align: "end", render: worstP95 },
        {
          key: "calls",
          title: "Calls",
          align: "end",
          render: ({ calls }) => formatCount(sum(calls)),
        },
        {
          key: "ahead",
          title: "Before their end",
          align: "end",
          render: ({ ahead }) => formatCount(sum(ahead)),
        },
        { key: "verdict", title: "Looks like", render: verdictOf },
      ]}
      rows={rows}
      keyOf={({ instance }) => instance}
      rowHref={({ instance }) => hrefWith({ instance })}
    />
  );
}

function stateOf(row: InstanceRow | undefined) {
  return row === undefined ? (
    <span class="muted">forgotten</span>
  ) : (
    <InstanceState state={row.state} />
  );
}

function verdictOf(lag: InstanceLag) {
  const { tone, words } = lagVerdict(lag);
  return <Verdict tone={tone}>{words}</Verdict>;
}

function worstP95({ p95_ms }: InstanceLag): string {
  const lags = p95_ms.filter((ms) => ms !== null);
  return formatDuration(lags.length === 0 ? null : Math.max(...lags));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}
