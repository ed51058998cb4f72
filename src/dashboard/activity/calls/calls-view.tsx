/** The calls that the filters mean: a page of them, in the order of time, and the ways to take all of them away. */
import { useRef, useState } from "preact/hooks";
import { askPath, filtersOf, stepSeconds } from "#dashboard/activity/activity-question.ts";
import { type ActivityAnswer, msOf } from "#dashboard/activity/answers.ts";
import { type Asking, useFigures } from "#dashboard/activity/asking.ts";
import { outcomeColumns, sumOf } from "#dashboard/activity/figures/outcome-counts.ts";
import { wholeMinutes } from "#dashboard/activity/whole-minutes.ts";
import { refresh } from "#dashboard/api/live.ts";
import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { formatCount, formatTime } from "#dashboard/parts/format-figure.ts";
import { OUTCOMES } from "#dashboard/parts/outcomes.ts";
import { Empty, Failed, Loading } from "#dashboard/parts/states.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefWith } from "#dashboard/place/place.ts";
import { rangeChanges } from "#dashboard/place/time-range.ts";
import { parseColumns } from "./call-columns.ts";
import { type AskedPage, PAGE_ROWS, useCallPage } from "./call-page.ts";
import { CallTable, rowsAsText } from "./call-table.tsx";
import { ColumnPicker } from "./column-picker.tsx";
import { ExportPanel } from "./export-panel.tsx";
import { formatListPlace, parseListPlace } from "./list-place.ts";
import { useNewCalls } from "./new-calls.ts";

/** The total is a figure as any other: few steps, for its sum is all that is wanted. */
const TOTAL_COLUMNS = 60;

export function CallsView({ asking: live }: { asking: Asking }) {
  const { org, query } = live;
  const [asking, renew] = usePinned(live);
  const { times, zone } = asking;
  const order = query.get("order") === "asc" ? "asc" : "desc";
  const { cursor } = parseListPlace(query.get("after"), times);
  const pathOf = (limit: number, after: string | null, of = times) =>
    askPath(org, "invocations", query, of, { order, limit, cursor: after ?? undefined });
  const page = useCallPage(pathOf, cursor);
  const isNewest = live.isLive && cursor === null && order === "desc";
  const newCalls = useNewCalls(
    isNewest ? () => pathOf(PAGE_ROWS, null, wholeMinutes(query, serverNowMs())) : null,
    page.calls,
    !page.isLooking,
  );
  const columns = parseColumns(query.get("columns"));
  const { fromMs, toMs } = times;
  return (
    <section class="calls" aria-labelledby="calls-title">
      <div class="chart-head">
        <h2 id="calls-title" tabIndex={-1}>
          <ListTitle asking={asking} page={page} />
        </h2>
        <div class="chart-tools">
          <ColumnPicker columns={columns} />
          <ExportPanel
            pathOf={pathOf}
            fileName={`calls-${org}-${new Date(fromMs).toISOString().slice(0, 16).replace(":", "")}`}
            fixedHref={hrefWith(rangeChanges({ kind: "fixed", fromMs, toMs }))}
            rowsText={() => rowsAsText(page.calls, columns)}
          />
        </div>
      </div>
      {newCalls > 0 && (
        <button type="button" class="button new-calls" onClick={renew}>
          {newCalls >= PAGE_ROWS ? `${PAGE_ROWS} or more` : newCalls} new{" "}
          {newCalls === 1 ? "call" : "calls"}
        </button>
      )}
      {page.problem !== null && <Failed problem={page.problem} retry={page.keepLooking} />}
      <PageRows asking={asking} page={page} />
      <LookedTo page={page} zone={zone} />
      <PageLinks asking={asking} page={page} />
    </section>
  );
}

/** The range as it was when it was asked: it moves on when the reader says so, and with another question. */
function usePinned(live: Asking): [Asking, () => void] {
  const { query, zone } = live;
  const question = JSON.stringify([
    filtersOf(query),
    query.get("last"),
    query.get("from"),
    query.get("to"),
  ]);
  const pinned = useRef({ question, times: live.times });
  const [, redraw] = useState(0);
  if (pinned.current.question !== question) pinned.current = { question, times: live.times };
  const renew = () => {
    pinned.current = { question, times: wholeMinutes(query, serverNowMs()) };
    redraw((count) => count + 1);
    refresh();
  };
  return [{ ...live, zone, times: pinned.current.times }, renew];
}

function ListTitle({ asking, page }: { asking: Asking; page: AskedPage }) {
  const { query, times } = asking;
  const step = stepSeconds(times, TOTAL_COLUMNS, serverNowMs());
  const asked = useFigures<ActivityAnswer>({ ...asking, isLive: false }, "activity", {
    step,
    group_by: "outcome",
  });
  const first = (parseListPlace(query.get("after"), times).page - 1) * PAGE_ROWS;
  const isAll = first === 0 && page.nextCursor === null && !page.isLooking;
  if (isAll) return <>{countOf(page.calls.length)}</>;
  if (page.calls.length === 0) return <>Calls</>;
  const shown = `Calls ${formatCount(first + 1)}–${formatCount(first + page.calls.length)}`;
  if (asked.data === null) return <>{shown}</>;
  const total = formatCount(sumOf(outcomeColumns(asked.data), OUTCOMES));
  const isExact = msOf(asked.data.from) === times.fromMs && msOf(asked.data.to) === times.toMs;
  const about = asked.data.partial ? "at least " : isExact ? "" : "about ";
  return (
    <>
      {shown} of {about}
      {total}
    </>
  );
}

function countOf(calls: number): string {
  return calls === 1 ? "1 call" : `${formatCount(calls)} calls`;
}

function PageRows({ asking, page }: { asking: Asking; page: AskedPage }) {
  if (page.calls.length > 0) return <CallTable asking={asking} calls={page.calls} />;
  if (page.isLooking) return <Loading label="Looking for calls" />;
  if (page.problem !== null || page.nextCursor !== null) return null;
  return <Empty title="No call matches">Other filters, or a longer time, may have some.</Empty>;
}

/** Far back, or with a rare filter, the server stops after so many calls and says how far it got. */
function LookedTo({ page, zone }: { page: AskedPage; zone: Asking["zone"] }) {
  const isShort = page.nextCursor !== null && page.calls.length < PAGE_ROWS;
  if (!isShort || page.problem !== null) return null;
  const back = page.scannedTo === null ? "" : ` back to ${formatTime(msOf(page.scannedTo), zone)}`;
  return (
    <p class="looked-to" role="status">
      {page.isLooking ? `Looking${back}…` : `Looked${back}: there may be more.`}
      {!page.isLooking && (
        <button type="button" class="button button-small" onClick={page.keepLooking}>
          Keep looking
        </button>
      )}
    </p>
  );
}

function PageLinks({ asking, page }: { asking: Asking; page: AskedPage }) {
  const { query, times } = asking;
  const { page: number } = parseListPlace(query.get("after"), times);
  const isFull = page.nextCursor !== null && page.calls.length >= PAGE_ROWS;
  if (number <= 1 && !isFull) return null;
  // Pages are of one list: its range does not move on between two.
  const range = rangeChanges({ kind: "fixed", ...times });
  const after = formatListPlace({ page: number + 1, cursor: page.nextCursor }, times);
  return (
    <nav class="pages" aria-label="Pages of calls">
      {number > 1 && <Link href={hrefWith({ ...range, after: null })}>First page</Link>}
      <span class="muted">Page {number}</span>
      {isFull && <Link href={hrefWith({ ...range, after })}>Next {PAGE_ROWS}</Link>}
    </nav>
  );
}
