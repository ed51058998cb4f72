/** The time that the page is of: the last so long, or from and to; and the zone that one reads it in. */
import { useId } from "preact/hooks";
import type { Asking } from "#dashboard/activity/asking.ts";
import { formatTime, zoneName } from "#dashboard/parts/format-figure.ts";
import { Link } from "#dashboard/place/link.tsx";
import { goTo, hrefWith } from "#dashboard/place/place.ts";
import {
  LASTS,
  rangeChanges,
  rangeOf,
  rangeProblem,
  type Zone,
} from "#dashboard/place/time-range.ts";

const AGAIN = { cursor: null, page: null };

export function RangePicker({ asking }: { asking: Asking }) {
  const { query, times, zone } = asking;
  const range = rangeOf(query);
  const problem = rangeProblem(query);
  return (
    <div class="range">
      <nav class="segmented" aria-label="The last">
        {LASTS.map((last) => (
          <Link
            key={last}
            class="segment-link"
            href={hrefWith({ ...rangeChanges({ kind: "relative", last }), ...AGAIN })}
            aria-current={range.kind === "relative" && range.last === last ? "true" : undefined}
          >
            {last}
          </Link>
        ))}
      </nav>
      <RangeFields {...times} zone={zone} />
      <Link
        class="zone-link"
        href={hrefWith({ zone: zone === "utc" ? null : "utc" })}
        title={zone === "utc" ? "Show times of this browser's zone" : "Show times in UTC"}
      >
        {zone === "utc" ? "UTC" : `${zoneName(times.toMs, zone)}, local`}
      </Link>
      {problem !== null && (
        <p class="notice notice-warn" role="alert">
          {problem}. The last hour is shown.
        </p>
      )}
    </div>
  );
}

interface RangeFieldsTerms {
  fromMs: number;
  toMs: number;
  zone: Zone;
}

/** Both at once: a range that is half set would be asked for too. */
function RangeFields({ fromMs, toMs, zone }: RangeFieldsTerms) {
  const id = useId();
  const texts = [fromMs, toMs].map((ms) => formatTime(ms, zone, "min").replace(" ", "T"));
  const set = (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const [from, to] = ["from", "to"].map((name) => wallMs(String(fields.get(name)), zone));
    if (from === undefined || to === undefined || !(from < to)) return;
    const range = { kind: "fixed", fromMs: from, toMs: to } as const;
    goTo(hrefWith({ ...rangeChanges(range), ...AGAIN }));
  };
  return (
    <form class="range-fields" key={texts.join()} onSubmit={set}>
      {(["from", "to"] as const).map((name, index) => (
        <span key={name}>
          <label for={`${id}-${name}`} class="muted">
            {name}
          </label>
          <input
            id={`${id}-${name}`}
            name={name}
            class="input"
            type="datetime-local"
            required
            defaultValue={texts[index]}
          />
        </span>
      ))}
      <button type="submit" class="button button-small">
        Set
      </button>
    </form>
  );
}

/** What the fields say is what clocks of the zone show. */
function wallMs(text: string, zone: Zone): number | undefined {
  const ms = Date.parse(zone === "utc" ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : ms;
}
