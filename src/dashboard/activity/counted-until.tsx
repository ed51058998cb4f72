/** What a figure is of: until when it counts, whether by the minute, and whether that is all. */
import { formatTime } from "#dashboard/parts/format-figure.ts";
import { Partial } from "#dashboard/parts/states.tsx";
import type { Zone } from "#dashboard/place/time-range.ts";
import { type ActivityHead, msOf } from "./answers.ts";

const SOURCES: Readonly<Record<ActivityHead["source"], string>> = {
  minutes: "counted by the minute",
  quarter_hours: "counted by the quarter of an hour",
  samples: "counted from the samples",
};

export function CountedUntil({ head, zone }: { head: ActivityHead; zone: Zone }) {
  const until = formatTime(msOf(head.counted_until), zone);
  return (
    <p class="coverage muted">
      Counted until {until}, {SOURCES[head.source]}.
    </p>
  );
}

/** Nothing is known of what was not looked at: it is not none. */
export function PartNotice({ head, zone }: { head: ActivityHead; zone: Zone }) {
  if (!head.partial) return null;
  const reached = head.scanned_to;
  return (
    <Partial>
      Not all of it was looked at
      {reached ? `: only calls since ${formatTime(msOf(reached), zone)}` : ""}. A shorter time or
      fewer filters (actor, instance, error and duration are looked up call by call) shows all.
    </Partial>
  );
}
