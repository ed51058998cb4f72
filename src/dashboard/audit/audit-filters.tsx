/** Every filter of the API, in the address: what is typed is a question once it is taken. */

import { useState } from "preact/hooks";
import { useAsk } from "#dashboard/api/ask.ts";
import { mayRead } from "#dashboard/api/session.ts";
import { Filter, type Suggestion } from "#dashboard/parts/filter.tsx";
import { formatQuery } from "#dashboard/place/address.ts";
import { Link } from "#dashboard/place/link.tsx";
import { goTo, hrefOf, hrefWith, place } from "#dashboard/place/place.ts";
import { zoneOf } from "#dashboard/place/time-range.ts";
import { ZoneSwitch } from "#dashboard/shell/range-bar.tsx";
import { AUDIT_FILTERS, type AuditFilterName, isAscending } from "./audit-query.ts";
import { AuditTimes } from "./audit-times.tsx";
import { ACTIONS, AUDIT_OUTCOMES, PREFIXES } from "./audit-vocabulary.ts";

const LABELS: Readonly<Record<AuditFilterName, string>> = {
  action: "Action",
  action_prefix: "Action begins with",
  actor: "Actor",
  outcome: "Outcome",
  target: "Target",
  workspace: "Workspace",
  instance: "Instance",
  request_id: "Request",
  trace_id: "Trace",
  invocation_id: "Call",
  from_seq: "From entry",
};

const FIXED: Readonly<Partial<Record<AuditFilterName, readonly string[]>>> = {
  action: ACTIONS,
  action_prefix: PREFIXES,
  outcome: AUDIT_OUTCOMES,
};

/** Those that calls have too, of which their values are known. */
const LOOKED_UP: readonly AuditFilterName[] = ["actor", "workspace", "instance"];

const SUGGESTED_MAX = 12;

export function AuditFilters({ org, nowMs }: { org: string; nowMs: number }) {
  const { query } = place.value;
  const count = AUDIT_FILTERS.filter((name) => query.has(name)).length;
  const hasTime = ["last", "from", "to"].some((name) => query.has(name));
  const isAny = count > 0 || hasTime;
  // Where it is narrow, eleven fields would stand before what they find.
  const [isWide] = useState(() => matchMedia("(min-width: 641px)").matches);
  return (
    <section class="audit-filters" aria-label="Filters">
      <details class="filters-fold" open={isWide}>
        <summary>{count === 0 ? "Filters" : `Filters (${count})`}</summary>
        <div class="filters-grid">
          {AUDIT_FILTERS.map((name) => (
            <AuditFilter key={name} {...{ org, name }} />
          ))}
          <AuditTimes nowMs={nowMs} />
        </div>
      </details>
      <div class="filters-foot">
        <Link href={hrefWith({ order: isAscending(query) ? null : "asc", cursor: null })}>
          {isAscending(query)
            ? "Oldest first: show newest first"
            : "Newest first: show oldest first"}
        </Link>
        <ZoneSwitch zone={zoneOf(query)} atMs={nowMs} />
        {isAny && (
          <Link href={hrefOf({ page: "audit", query: withoutFilters(query) })}>Clear filters</Link>
        )}
      </div>
    </section>
  );
}

function AuditFilter({ org, name }: { org: string; name: AuditFilterName }) {
  const [typed, setTyped] = useState<string | null>(null);
  const isLookedUp = LOOKED_UP.includes(name) && typed !== null && mayRead("telemetry");
  const asked = new Map([
    ["field", name],
    ["prefix", typed ?? ""],
  ]);
  const path = `/v1/orgs/${encodeURIComponent(org)}/activity/values${formatQuery(asked)}`;
  const { data } = useAsk<{ values: readonly { value: string }[] }>(isLookedUp ? path : null);
  const known = (FIXED[name] ?? data?.values.map(({ value }) => value) ?? []).filter((value) =>
    value.startsWith(typed ?? ""),
  );
  const suggestions: Suggestion[] = known.slice(0, SUGGESTED_MAX).map((value) => ({ value }));
  return (
    <Filter
      label={LABELS[name]}
      value={place.value.query.get(name) ?? null}
      suggestions={suggestions}
      onType={setTyped}
      onTake={(value) => goTo(hrefWith({ [name]: value?.trim() || null, cursor: null }))}
    />
  );
}

function withoutFilters(query: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...query].filter(([name]) => name === "zone" || name === "log"));
}
