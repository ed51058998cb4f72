/** How old something is, by the server's clock, counted on while it is looked at. */
import { signal } from "@preact/signals";
import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { everyVisible } from "#dashboard/api/visible-interval.ts";
import { formatAge, formatTime, UNKNOWN } from "./format-figure.ts";

const shownNowMs = signal(serverNowMs());
everyVisible(1000, () => {
  shownNowMs.value = serverNowMs();
});

export function Age({ atMs }: { atMs: number | null }) {
  if (atMs === null) return <span>{UNKNOWN}</span>;
  return (
    <time dateTime={new Date(atMs).toISOString()} title={`${formatTime(atMs, "utc")} UTC`}>
      {formatAge(shownNowMs.value - atMs)} ago
    </time>
  );
}
