/** Both ends by hand, with a keyboard: no drag is needed for what a brush does. */
import { useId, useState } from "preact/hooks";
import type { AskedRange } from "#dashboard/api/asked-range.ts";
import { CopyButton } from "#dashboard/parts/copy-button.tsx";
import { formatTime } from "#dashboard/parts/format-figure.ts";
import { goTo, hrefWith } from "#dashboard/place/place.ts";
import { rangeChanges } from "#dashboard/place/time-range.ts";
import { parseTypedTime } from "#dashboard/place/typed-time.ts";

export function FixedRange({ asked, onDone }: { asked: AskedRange; onDone: () => void }) {
  const { zone, fromMs, toMs } = asked;
  const id = useId();
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const [from, to] = ["from", "to"].map((name) => parseTypedTime(String(fields.get(name)), zone));
    if (from == null || to == null) return setProblem("A time is 2026-11-28 14:05, or 14:05:09");
    if (from >= to) return setProblem("The start has to come before the end");
    onDone();
    goTo(hrefWith(rangeChanges({ kind: "fixed", fromMs: from, toMs: to })));
  };
  const fixed = hrefWith(rangeChanges({ kind: "fixed", fromMs, toMs }));
  return (
    <form class="stack" onSubmit={submit}>
      {[
        { name: "from", title: "From", ms: fromMs },
        { name: "to", title: "To", ms: toMs },
      ].map(({ name, title, ms }) => (
        <div key={name} class="field">
          <label for={`${id}-${name}`}>
            {title} <span class="muted">({zone === "utc" ? "UTC" : "your local time"})</span>
          </label>
          <input
            id={`${id}-${name}`}
            name={name}
            class="input"
            defaultValue={formatTime(ms, zone)}
            autocomplete="off"
            aria-describedby={`${id}-problem`}
          />
        </div>
      ))}
      <p id={`${id}-problem`} class="problem" role="alert">
        {problem}
      </p>
      <div class="buttons">
        <button type="submit" class="button button-main">
          Show
        </button>
        <CopyButton label="Copy link to this range" text={new URL(fixed, location.origin).href} />
      </div>
    </form>
  );
}
