/** A page of entries. The next one is a place of its own, so that Back leads to this. */
import { useAsk } from "#dashboard/api/ask.ts";
import { type Column, DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatTime, zoneName } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Empty, Failed, Loading, Stale } from "#dashboard/parts/states.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, hrefWith, place } from "#dashboard/place/place.ts";
import { type Zone, zoneOf } from "#dashboard/place/time-range.ts";
import type { CanonicalObject } from "#formats/canonical-json.ts";
import { type EntryListAnswer, entryTime, type ListedEntry, memberText } from "./audit-answers.ts";
import { AuditOutcome } from "./audit-outcome.tsx";
import { auditSearchPath, entryIdOf, isAscending } from "./audit-query.ts";

interface AuditListTerms {
  org: string;
  /** Its number, once that is known. */
  log: number | null;
  nowMs: number;
  renew(): void;
}

export function AuditList({ org, log, nowMs, renew }: AuditListTerms) {
  const { query } = place.value;
  const { data, error, isLoading, atMs, retry } = useAsk<EntryListAnswer>(
    auditSearchPath(org, query, nowMs),
  );
  if (data === null || log === null) {
    if (error !== null) return <Failed problem={error} retry={retry} />;
    return <Loading label="Searching the log" />;
  }
  const isFirst = !query.has("cursor");
  const refresh = () => {
    renew();
    retry();
  };
  return (
    <section aria-label="Entries" aria-busy={isLoading} class={isLoading ? "is-loading" : ""}>
      {error !== null && <Stale atMs={atMs} problem={error} retry={retry} />}
      {data.events.length === 0 ? (
        <NoneFound hasMore={data.next_cursor !== null} />
      ) : (
        <EntryTable rows={data.events} log={log} />
      )}
      <nav class="pager" aria-label="Pages of entries">
        {isFirst ? (
          <button type="button" class="button" onClick={refresh}>
            Look again
          </button>
        ) : (
          <Link href={hrefWith({ cursor: null })}>First page</Link>
        )}
        {data.next_cursor !== null && (
          <Link href={hrefWith({ cursor: data.next_cursor })}>{nextText(data, query)}</Link>
        )}
      </nav>
    </section>
  );
}

/** A page looks at 2,000 entries at most: one that found few goes on. */
function nextText({ events }: EntryListAnswer, query: ReadonlyMap<string, string>): string {
  if (events.length === 0) return "Keep looking →";
  return isAscending(query) ? "Newer entries →" : "Older entries →";
}

function NoneFound({ hasMore }: { hasMore: boolean }) {
  return (
    <Empty title={hasMore ? "None found so far" : "No entry fits"}>
      <p>
        {hasMore
          ? "This page looked at as many entries as one may. There are more behind it."
          : "No entry of this log is as the filters say. Values are compared exactly."}
      </p>
    </Empty>
  );
}

interface EntryTableTerms {
  rows: readonly ListedEntry[];
  log: number;
}

function EntryTable({ rows, log }: EntryTableTerms) {
  const { query } = place.value;
  const zone = zoneOf(query);
  const hrefs = (row: ListedEntry) => hrefOf({ page: "entry", id: entryIdOf(log, row.seq), query });
  return (
    <DataTable
      caption={`${formatCount(rows.length)} ${rows.length === 1 ? "entry" : "entries"}, ${isAscending(query) ? "oldest" : "newest"} first`}
      columns={columnsOf(zone, rows)}
      rows={rows}
      keyOf={(row) => String(row.seq)}
      rowHref={hrefs}
    />
  );
}

function columnsOf(zone: Zone, rows: readonly ListedEntry[]): Column<ListedEntry>[] {
  const shown = Date.parse(entryTime(rows[0]?.event ?? {}) ?? "");
  const text =
    (name: string, isCode = false) =>
    (row: ListedEntry) => {
      const value = memberText(row.event, name);
      return value === null ? (
        <span class="muted">–</span>
      ) : (
        <Hostile text={value} isCode={isCode} />
      );
    };
  return [
    { key: "seq", title: "Entry", render: (row) => row.seq },
    {
      key: "time",
      title: `Time (${zoneName(Number.isFinite(shown) ? shown : 0, zone)})`,
      render: ({ event }) => <EntryTimeCell event={event} zone={zone} />,
    },
    { key: "action", title: "Action", render: text("action", true) },
    { key: "outcome", title: "Outcome", render: ({ event }) => <AuditOutcome event={event} /> },
    { key: "actor", title: "Actor", render: text("actor") },
    { key: "target", title: "Target", render: text("target") },
    { key: "workspace", title: "Workspace", render: text("workspace") },
    { key: "instance", title: "Instance", render: text("instance_id") },
  ];
}

function EntryTimeCell({ event, zone }: { event: CanonicalObject; zone: Zone }) {
  const time = entryTime(event) ?? "";
  const ms = Date.parse(time);
  if (!Number.isFinite(ms)) return <Hostile text={time} />;
  return (
    <time dateTime={time} class="nowrap">
      {formatTime(ms, zone, "ms")}
    </time>
  );
}
