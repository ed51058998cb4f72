import { useEffect, useState } from "preact/hooks";
import type { Asked } from "#dashboard/api/ask.ts";
import { useAsk } from "#dashboard/api/ask.ts";
import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { Age } from "#dashboard/parts/age.tsx";
import { Answered } from "#dashboard/parts/answered.tsx";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { Figure } from "#dashboard/parts/figure.tsx";
import {
  formatCount,
  formatDuration,
  formatShare,
  UNKNOWN,
} from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Empty } from "#dashboard/parts/states.tsx";
import type { Tone } from "#dashboard/parts/tone.ts";
import { Link } from "#dashboard/place/link.tsx";
import { hrefFor } from "#dashboard/place/place.ts";
import { fleetFigures, troubledFirst } from "./fleet-figures.ts";
import { InstanceState } from "./instance-state.tsx";
import { notCounted } from "./not-counted.ts";
import type { InstanceList, InstanceRow, OutcomeSteps, SeriesUse } from "./overview-answers.ts";
import { withOwnGateway } from "./own-gateway.ts";

/** Series come and go with days; those of a new org come at once. */
const SERIES_POLL_MS = 300_000;
const NEW_POLL_MS = 10_000;

/** More are on the page of the lag. */
const SHOWN = 8;

interface FleetSectionTerms {
  org: string;
  instances: Asked<InstanceList>;
  steps: Asked<OutcomeSteps>;
}

export function FleetSection({ org, instances, steps }: FleetSectionTerms) {
  const path = `/v1/orgs/${encodeURIComponent(org)}/series`;
  const [isNew, setNew] = useState(true);
  const series = useAsk<SeriesUse>(path, { pollMs: isNew ? NEW_POLL_MS : SERIES_POLL_MS });
  useEffect(() => setNew((series.data?.series ?? 0) === 0), [series.data]);
  return (
    <section class="panel" aria-labelledby="fleet">
      <h2 id="fleet">Fleet</h2>
      <Answered asked={instances} label="Looking for the instances">
        {(list) => {
          const rows = withOwnGateway(list.instances, serverNowMs());
          return (
            <>
              <FleetTiles rows={rows} steps={steps.data} series={series} />
              <InstanceTable rows={rows} />
            </>
          );
        }}
      </Answered>
    </section>
  );
}

interface FleetTilesTerms {
  rows: readonly InstanceRow[];
  steps: OutcomeSteps | null;
  series: Asked<SeriesUse>;
}

function FleetTiles({ rows, steps, series }: FleetTilesTerms) {
  const fleet = fleetFigures(rows);
  const lost = fleet.dropped + fleet.missingReports;
  const lag = hrefFor("lag");
  return (
    <div class="figures">
      <Figure
        label="Instances online"
        value={formatCount(fleet.online)}
        note={`${fleet.stale} stale, ${fleet.departed} departed`}
        tone={fleet.stale > 0 ? "warn" : undefined}
        href={lag}
      />
      <Figure
        label="Ingest lag, p95"
        value={formatDuration(fleet.lagP95Ms)}
        note={fleet.lagP95Ms === null ? "no calls in the last hour" : "of the slowest instance"}
        href={lag}
      />
      <Figure label="Not counted yet" {...notCounted(steps?.counted_until ?? null)} href={lag} />
      <Figure
        label="Lost"
        value={formatCount(fleet.dropped)}
        note={`samples dropped, ${formatCount(fleet.missingReports)} reports missing`}
        tone={lost > 0 ? "warn" : undefined}
        href={lag}
      />
      <SeriesFigure series={series} />
    </div>
  );
}

function SeriesFigure({ series: { data, error } }: { series: Asked<SeriesUse> }) {
  if (data === null) {
    return <Figure label="Series" value={UNKNOWN} note={error === null ? "…" : error.title} />;
  }
  const share = data.series / data.series_limit;
  const tone: Tone | undefined = share >= 1 ? "bad" : share >= 0.8 ? "warn" : undefined;
  return (
    <Figure
      label="Series"
      value={formatCount(data.series)}
      note={`${formatShare(share)} of the cap, ${formatCount(data.series_limit)}`}
      tone={tone}
      href={hrefFor("activity")}
    />
  );
}

function captionOf(shown: number, all: number): string {
  const first = "those first that want looking after";
  if (shown < all) return `${shown} of ${formatCount(all)} instances, ${first}`;
  return all === 1 ? "1 instance" : `${formatCount(all)} instances, ${first}`;
}

function InstanceTable({ rows }: { rows: readonly InstanceRow[] }) {
  if (rows.length === 0) {
    return (
      <Empty title="No gateway has reported yet">
        <p>
          A gateway posts its samples to <code>/v1/orgs/…/invocations</code>, an OpenTelemetry SDK
          or Collector its spans to <code>/v1/orgs/…/otlp</code>; clients that call their MCP
          servers through this service need no more. <a href="/docs">The reference</a> says how.
        </p>
      </Empty>
    );
  }
  const shown = troubledFirst(rows).slice(0, SHOWN);
  return (
    <>
      <DataTable
        caption={captionOf(shown.length, rows.length)}
        columns={[
          { key: "id", title: "Instance", render: ({ id }) => <Hostile text={id} /> },
          { key: "state", title: "State", render: ({ state }) => <InstanceState state={state} /> },
          {
            key: "report",
            title: "Last report",
            render: (row) => <Age atMs={Date.parse(row.last_report)} />,
          },
          {
            key: "lag",
            title: "Lag p95",
            align: "end",
            render: (row) => formatDuration(row.lag_p95_ms ?? null),
          },
          {
            key: "dropped",
            title: "Dropped",
            align: "end",
            render: ({ dropped }) => formatCount(dropped),
          },
          {
            key: "missing",
            title: "Missing reports",
            align: "end",
            render: (row) => formatCount(row.missing_reports),
          },
        ]}
        rows={shown}
        keyOf={({ id }) => id}
        rowHref={({ id }) => hrefFor("lag", { instance: id })}
      />
      {rows.length > SHOWN && <Link href={hrefFor("lag")}>All instances</Link>}
    </>
  );
}
