/** From when to when: a time is taken as it is written, in UTC unless it says otherwise. */
import { useId, useState } from "preact/hooks";
import { goTo, hrefWith, place } from "#dashboard/place/place.ts";
import { parseTimestampMs } from "#formats/rfc3339.ts";

export function AuditTimes() {
  return (
    <>
      <TimeField name="from" label="From (UTC)" />
      <TimeField name="to" label="To (UTC)" />
    </>
  );
}

function TimeField({ name, label }: { name: "from" | "to"; label: string }) {
  const id = useId();
  const asked = place.value.query.get(name) ?? "";
  const [typed, setTyped] = useState<string | null>(null);
  const [isWrong, setWrong] = useState(false);
  const take = () => {
    if (typed === null) return;
    const time = timeOf(typed);
    setWrong(time === undefined);
    if (time === undefined) return;
    setTyped(null);
    if (time !== (asked || null)) goTo(hrefWith({ [name]: time, last: null, cursor: null }));
  };
  return (
    <div class="filter">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="input"
        autocomplete="off"
        spellcheck={false}
        placeholder="2026-11-24 or 2026-11-24 14:00"
        value={typed ?? asked}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? `${id}-fault` : undefined}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => event.key === "Enter" && take()}
      />
      {isWrong && (
        <p id={`${id}-fault`} class="field-fault" role="alert">
          A date, or a date and a time such as 2026-11-24 14:00
        </p>
      )}
    </div>
  );
}

/** Null for none, undefined for what is no time. A date is its start. */
export function timeOf(text: string): string | null | undefined {
  const written = text.trim();
  if (written === "") return null;
  const [, date, time = "00:00"] =
    /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?$/.exec(written) ?? [];
  const full = time.length === 5 ? `${time}:00` : time;
  const rfc3339 = date === undefined ? written : `${date}T${full}Z`;
  return parseTimestampMs(rfc3339) === undefined ? undefined : rfc3339;
}
