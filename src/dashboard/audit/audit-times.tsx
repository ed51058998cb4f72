/** From when to when, in the zone that is shown; without, all of the log is asked for. */
import { useId, useState } from "preact/hooks";
import { formatTime } from "#dashboard/parts/format-figure.ts";
import { goTo, hrefWith, place } from "#dashboard/place/place.ts";
import { zoneOf } from "#dashboard/place/time-range.ts";
import { parseTypedTime } from "#dashboard/place/typed-time.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";

export function AuditTimes({ nowMs }: { nowMs: number }) {
  return (
    <>
      <TimeField name="from" label="From" nowMs={nowMs} />
      <TimeField name="to" label="Until before" nowMs={nowMs} />
    </>
  );
}

interface TimeFieldTerms {
  name: "from" | "to";
  label: string;
  nowMs: number;
}

function TimeField({ name, label, nowMs }: TimeFieldTerms) {
  const id = useId();
  const { query } = place.value;
  const zone = zoneOf(query);
  const askedMs = Date.parse(query.get(name) ?? "");
  const asked = Number.isFinite(askedMs) ? formatTime(askedMs, zone) : "";
  const [typed, setTyped] = useState<string | null>(null);
  const [isWrong, setWrong] = useState(false);
  const take = () => {
    if (typed === null || typed.trim() === asked) return setTyped(null);
    const ms = typed.trim() === "" ? null : parseTypedTime(typed, zone);
    const isTime = ms !== null || typed.trim() === "";
    setWrong(!isTime);
    if (!isTime) return;
    setTyped(null);
    goTo(hrefWith({ [name]: ms === null ? null : formatTimestamp(ms), last: null, cursor: null }));
  };
  return (
    <div class="filter">
      <label for={id}>
        {label} <span class="muted">({zone === "utc" ? "UTC" : "local time"})</span>
      </label>
      <input
        id={id}
        class="input"
        autocomplete="off"
        spellcheck={false}
        placeholder={formatTime(nowMs, zone).slice(0, 10)}
        value={typed ?? asked}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? `${id}-fault` : undefined}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => event.key === "Enter" && take()}
      />
      {isWrong && (
        <p id={`${id}-fault`} class="problem" role="alert">
          A date, or a date and a time: 2026-11-24 14:00
        </p>
      )}
    </div>
  );
}
