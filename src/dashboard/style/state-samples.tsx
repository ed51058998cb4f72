import { type Problem, UNREACHABLE } from "#dashboard/api/problem.ts";
import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { Figure } from "#dashboard/parts/figure.tsx";
import { formatCount, formatDuration, UNKNOWN } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Outcome } from "#dashboard/parts/outcome.tsx";
import type { CallOutcome } from "#dashboard/parts/outcomes.ts";
import { Empty, Failed, Loading, Partial, Stale } from "#dashboard/parts/states.tsx";
import { Verdict } from "#dashboard/parts/verdict.tsx";
import { Sample } from "./sample.tsx";

const REFUSED: Problem = {
  ...UNREACHABLE,
  status: 400,
  code: "invalid_parameters",
  title: "Invalid parameters",
  detail: "A step of 60 s gives 1,440 steps.",
  requestId: "0193b2c4",
  errors: [{ pointer: "/step", message: "at least 360" }],
};

interface Row {
  readonly tool: string;
  readonly outcome: CallOutcome;
  readonly calls: number;
  readonly p95: number | null;
}

const ROWS: readonly Row[] = [
  { tool: "create_issue", outcome: "ok", calls: 12_345, p95: 84.2 },
  { tool: "<img src=x onerror=alert(1)>", outcome: "policy_denied", calls: 12, p95: null },
];

export function StateSamples() {
  return (
    <>
      <Sample title="Figures">
        <div class="figures">
          <Figure label="Calls" value="1,234,567" note="last hour" href="/style" />
          <Figure label="Errors" value="1.23 %" note={<Verdict tone="bad">over 1 %</Verdict>} />
          <Figure label="Ledger" value="12 s" note={<Verdict tone="good">signed</Verdict>} />
          <Figure
            label="Series"
            value="9,120"
            note={<Verdict tone="warn">91 % of 10,000</Verdict>}
          />
          <Figure label="p99" value={UNKNOWN} note="no calls" />
        </div>
      </Sample>
      <Sample title="A table">
        <DataTable
          caption="Two tools, by calls"
          columns={[
            { key: "tool", title: "Tool", render: ({ tool }) => <Hostile text={tool} /> },
            {
              key: "outcome",
              title: "Outcome",
              render: (row) => <Outcome outcome={row.outcome} />,
            },
            {
              key: "calls",
              title: "Calls",
              align: "end",
              sortKey: "calls",
              render: ({ calls }) => formatCount(calls),
            },
            {
              key: "p95",
              title: "p95",
              align: "end",
              sortKey: "p95",
              render: ({ p95 }) => formatDuration(p95),
            },
          ]}
          rows={ROWS}
          keyOf={({ tool }) => tool}
          sort={{ key: "calls", isDescending: true, hrefOf: () => "/style" }}
          rowHref={() => "/style"}
        />
      </Sample>
      <Sample title="States">
        <Loading />
        <Empty title="No calls in this hour">
          <p>The last one came at 13:05.</p>
        </Empty>
        <Failed problem={REFUSED} retry={() => undefined} />
        <Stale atMs={serverNowMs() - 95_000} problem={UNREACHABLE} retry={() => undefined} />
        <Partial>Looked back to 13:12 only: 50,000 calls were looked at.</Partial>
      </Sample>
    </>
  );
}
