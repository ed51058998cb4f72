/** The way to the calls before and after, within the list that led here; it goes along from call to call. */
import { useState } from "preact/hooks";
import { useAsk } from "#dashboard/api/ask.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, place } from "#dashboard/place/place.ts";
import { following, listFilters, neighbourPaths } from "./filter-neighbours.ts";

interface CallListAnswer {
  readonly invocations: readonly CallAnswer[];
  readonly next_cursor: string | null;
}

export function CallNeighbours({ org, call }: { org: string; call: CallAnswer }) {
  const { query } = place.value;
  // One moment for both, or a relative range would be another with each drawing.
  const [nowMs] = useState(serverNowMs);
  const paths = neighbourPaths(org, call, query, nowMs);
  const filters = listFilters(query);
  return (
    <nav class="neighbours" aria-label="Within the list">
      <Neighbour path={paths.newer} call={call} label="← Newer" />
      <Neighbour path={paths.older} call={call} label="Older →" />
      <Link href={hrefOf({ page: "activity", query })}>Back to the list</Link>
      {filters.length > 0 && (
        <span class="muted">
          of <Hostile text={filters.map(([name, value]) => `${name} = ${value}`).join(", ")} />
        </span>
      )}
    </nav>
  );
}

function Neighbour({ path, call, label }: { path: string; call: CallAnswer; label: string }) {
  const { data, error, isLoading } = useAsk<CallListAnswer>(path);
  if (data === null)
    return <span class="muted">{error === null && isLoading ? `${label} …` : label}</span>;
  const next = following(data.invocations, call.id);
  if (next === null) {
    const reason = data.next_cursor === null ? "none" : "none near";
    return (
      <span class="muted">
        {label} ({reason})
      </span>
    );
  }
  return (
    <Link href={hrefOf({ page: "call", id: next.id, query: place.value.query })}>{label}</Link>
  );
}
