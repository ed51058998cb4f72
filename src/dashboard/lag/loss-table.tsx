/** Reports that never came though later ones did, and samples that an instance says it let go. */
import type { InstanceRow } from "#dashboard/overview/overview-answers.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatTime } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Empty } from "#dashboard/parts/states.tsx";
import { place } from "#dashboard/place/place.ts";
import { zoneOf } from "#dashboard/place/time-range.ts";

/** Of one instance; the count of all stands beside them. */
const GAPS_SHOWN = 5;

export function LossTable({ rows }: { rows: readonly InstanceRow[] }) {
  const lossy = rows.filter(({ dropped, missing_reports }) => dropped + missing_reports > 0);
  if (lossy.length === 0) {
    return (
      <Empty title="Nothing is missing">
        <p>
          Every report that an instance numbered has come, and none says that it let samples go.
        </p>
      </Empty>
    );
  }
  return (
    <DataTable
      caption="Since each instance's start; instances that departed a day ago are forgotten"
      columns={[
        { key: "id", title: "Instance", render: ({ id }) => <Hostile text={id} /> },
        {
          key: "dropped",
          title: "Samples dropped",
          align: "end",
          render: ({ dropped }) => formatCount(dropped),
        },
        {
          key: "missing",
          title: "Reports missing",
          align: "end",
          render: (row) => formatCount(row.missing_reports),
        },
        { key: "gaps", title: "Which", render: (row) => <Gaps row={row} /> },
      ]}
      rows={lossy}
      keyOf={({ id }) => id}
    />
  );
}

function Gaps({ row: { gaps } }: { row: InstanceRow }) {
  const zone = zoneOf(place.value.query);
  const more = gaps.length - GAPS_SHOWN;
  return (
    <ul>
      {gaps.slice(0, GAPS_SHOWN).map(({ epoch, from_seq, to_seq }) => (
        <li key={`${epoch} ${from_seq}`}>
          {from_seq === to_seq ? `report ${from_seq}` : `reports ${from_seq} to ${to_seq}`}
          {epoch !== null && (
            <span class="muted"> of the start at {formatTime(Date.parse(epoch), zone)}</span>
          )}
        </li>
      ))}
      {more > 0 && <li class="muted">and {formatCount(more)} more gaps</li>}
    </ul>
  );
}
