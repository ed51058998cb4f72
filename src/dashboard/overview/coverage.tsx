/** How far what is shown reaches, where that is not all of the time that was asked for. */
import { formatTime } from "#dashboard/parts/format-figure.ts";
import { Partial } from "#dashboard/parts/states.tsx";
import { place } from "#dashboard/place/place.ts";
import { zoneOf } from "#dashboard/place/time-range.ts";
import type { Covered } from "./overview-answers.ts";

export function Coverage({ of }: { of: Covered }) {
  const zone = zoneOf(place.value.query);
  const at = (time: string) => formatTime(Date.parse(time), zone);
  if (of.partial && of.scanned_to != null) {
    return (
      <Partial>Looked back to {at(of.scanned_to)} only: the rest of the time is missing.</Partial>
    );
  }
  if (Date.parse(of.counted_until) >= Date.parse(of.to)) return null;
  return <p class="muted small">Counted until {at(of.counted_until)}: the last bar is so far.</p>;
}
