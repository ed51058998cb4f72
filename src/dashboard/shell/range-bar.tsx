/** The time that a page is of, in the zone that it is read in, and whether it follows the fleet. */
import { askedRange } from "#dashboard/api/asked-range.ts";
import { formatTime, zoneName } from "#dashboard/parts/format-figure.ts";
import { Menu } from "#dashboard/parts/menu.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefWith, place } from "#dashboard/place/place.ts";
import { LASTS, rangeChanges, rangeProblem, type Zone } from "#dashboard/place/time-range.ts";
import { FixedRange } from "./fixed-range.tsx";
import { LiveControl } from "./live-control.tsx";

export function RangeBar() {
  const asked = askedRange();
  const { range, zone, fromMs, toMs } = asked;
  const problem = rangeProblem(place.value.query);
  return (
    <div class="range-bar">
      <nav aria-label="Time range" class="segments">
        {LASTS.map((last) => (
          <Link
            key={last}
            href={hrefWith(rangeChanges({ kind: "relative", last }))}
            aria-label={`Last ${last}`}
            aria-current={range.kind === "relative" && range.last === last ? "true" : undefined}
          >
            {last}
          </Link>
        ))}
        <Menu label={range.kind === "fixed" ? "Fixed range" : "From … to"}>
          {(close) => <FixedRange asked={asked} onDone={close} />}
        </Menu>
      </nav>
      <p class="range-shown">
        <span class="nowrap">{formatTime(fromMs, zone, "min")}</span> –{" "}
        <span class="nowrap">{endShown(fromMs, toMs, zone)}</span>
      </p>
      <ZoneSwitch zone={zone} atMs={toMs} />
      {asked.isOpen && <LiveControl />}
      {problem !== null && (
        <p class="range-problem" role="alert">
          The address has no usable time range ({problem}): the last hour is shown.
        </p>
      )}
    </div>
  );
}

/** The day is not said twice. */
function endShown(fromMs: number, toMs: number, zone: Zone): string {
  const end = formatTime(toMs, zone, "min");
  return formatTime(fromMs, zone, "min").slice(0, 10) === end.slice(0, 10) ? end.slice(11) : end;
}

const ZONES: readonly { zone: Zone; change: string | null }[] = [
  { zone: "local", change: null },
  { zone: "utc", change: "utc" },
];

export function ZoneSwitch({ zone: shown, atMs }: { zone: Zone; atMs: number }) {
  return (
    <nav aria-label="Time zone" class="segments">
      {ZONES.map(({ zone, change }) => (
        <Link
          key={zone}
          href={hrefWith({ zone: change })}
          replace
          aria-current={zone === shown ? "true" : undefined}
        >
          {zone === "utc" ? "UTC" : `Local, ${zoneName(atMs, "local")}`}
        </Link>
      ))}
    </nav>
  );
}
