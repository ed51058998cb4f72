import type { Asking } from "#dashboard/activity/asking.ts";
import { neighbourQuery } from "#dashboard/activity/drill-down.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { DataTable, type TableSort } from "#dashboard/parts/data-table.tsx";
import { hrefOf, hrefWith } from "#dashboard/place/place.ts";
import { callCell } from "./call-cells.tsx";
import { type CallColumn, formatSort, parseColumns, parseSort, sortCalls } from "./call-columns.ts";

export function CallTable({ asking, calls }: { asking: Asking; calls: readonly CallAnswer[] }) {
  const { query, zone } = asking;
  const columns = parseColumns(query.get("columns"));
  const sort = parseSort(query.get("sort"));
  const list = neighbourQuery(query);
  return (
    <DataTable
      caption={
        sort === null ? (
          `By the time that they started, ${query.get("order") === "asc" ? "oldest" : "newest"} first`
        ) : (
          <>Sorted within this page: the list itself is in the order of time</>
        )
      }
      rows={sortCalls(calls, sort)}
      keyOf={({ id }) => id}
      rowHref={({ id }) => hrefOf({ page: "call", id, query: list })}
      sort={tableSort(asking)}
      columns={columns.map(({ name, title, isNumber }) => ({
        key: name,
        title,
        sortKey: name,
        align: isNumber ? ("end" as const) : ("start" as const),
        render: (call: CallAnswer) => callCell(call, name, zone),
      }))}
    />
  );
}

/** By time the server sorts all of it; by anything else this page is sorted. */
function tableSort({ query }: Asking): TableSort {
  const sort = parseSort(query.get("sort"));
  const isAscending = query.get("order") === "asc";
  return {
    key: sort?.name ?? "started_at",
    isDescending: sort?.isDescending ?? !isAscending,
    hrefOf: (key, isDescending) =>
      key === "started_at"
        ? hrefWith({ sort: null, order: isDescending ? null : "asc", after: null })
        : hrefWith({ sort: formatSort({ name: key as keyof CallAnswer, isDescending }) }),
  };
}

/** Tab-separated, as a spreadsheet takes what is pasted: what the page shows, times in UTC. */
export function rowsAsText(calls: readonly CallAnswer[], columns: readonly CallColumn[]): string {
  const field = (value: unknown) => String(value ?? "").replace(/[\t\r\n]/g, " ");
  const head = columns.map(({ name }) => name).join("\t");
  return [
    head,
    ...calls.map((call) => columns.map(({ name }) => field(call[name])).join("\t")),
  ].join("\n");
}
