import type { Asked } from "#dashboard/api/ask.ts";
import { Answered } from "#dashboard/parts/answered.tsx";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatDuration, formatShare } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { FAILED } from "#dashboard/parts/outcomes.ts";
import { Empty } from "#dashboard/parts/states.tsx";
import { hrefFor } from "#dashboard/place/place.ts";
import type { ToolRow, TopTools } from "./overview-answers.ts";

interface ToolsSectionTerms {
  busiest: Asked<TopTools>;
  worst: Asked<TopTools>;
}

export function ToolsSection({ busiest, worst }: ToolsSectionTerms) {
  return (
    <div class="columns">
      <section class="panel" aria-labelledby="busiest">
        <h2 id="busiest">Most called</h2>
        <Answered asked={busiest} label="Counting the tools">
          {({ rows }) => (
            <ToolTable caption="Tools by calls" rows={rows} none="No tool was called" />
          )}
        </Answered>
      </section>
      <section class="panel" aria-labelledby="worst">
        <h2 id="worst">Most failures</h2>
        <Answered asked={worst} label="Counting the failures">
          {({ rows }) => (
            <ToolTable
              caption="Tools by failed calls"
              rows={rows.filter(({ errors }) => errors > 0)}
              none="No call failed"
              isOfFailures
            />
          )}
        </Answered>
      </section>
    </div>
  );
}

interface ToolTableTerms {
  caption: string;
  rows: readonly ToolRow[];
  none: string;
  isOfFailures?: boolean;
}

function ToolTable({ caption, rows, none, isOfFailures = false }: ToolTableTerms) {
  if (rows.length === 0) return <Empty title={none} />;
  return (
    <DataTable
      caption={caption}
      columns={[
        { key: "tool", title: "Tool", render: (row) => <ToolName row={row} /> },
        { key: "calls", title: "Calls", align: "end", render: ({ calls }) => formatCount(calls) },
        { key: "errors", title: "Failed", align: "end", render: failedShare },
        { key: "p95", title: "p95", align: "end", render: (row) => formatDuration(row.p95_ms) },
      ]}
      rows={rows}
      keyOf={({ labels }) => JSON.stringify(labels)}
      rowHref={({ labels }) =>
        hrefFor("activity", {
          ...labels,
          ...(isOfFailures && { outcome: FAILED.join(",") }),
        })
      }
    />
  );
}

function failedShare({ errors, calls }: ToolRow) {
  if (errors === 0) return "0";
  return `${formatCount(errors)} · ${formatShare(errors / calls)}`;
}

function ToolName({ row: { labels } }: { row: ToolRow }) {
  const { workspace, plugin, tool = "__other__" } = labels;
  return (
    <span class="tool-name">
      <Hostile text={tool} />
      {workspace !== undefined && plugin !== undefined && (
        <span class="tool-of">
          <Hostile text={`${workspace} / ${plugin}`} />
          {tool === "__unknown__" && ", tools that it does not list"}
        </span>
      )}
    </span>
  );
}
