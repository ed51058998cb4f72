/** Durations in two fields: what a brush on the heat map sets, without drawing. */
import type { Asking } from "#dashboard/activity/asking.ts";
import { goTo, hrefWith } from "#dashboard/place/place.ts";

const DURATION_MS_MAX = 86_400_000;

export function DurationFilter({ asking }: { asking: Asking }) {
  return (
    <fieldset class="choice duration-filter">
      <legend>Duration, ms</legend>
      <DurationField asking={asking} name="min_duration_ms" label="from" />
      <DurationField asking={asking} name="max_duration_ms" label="to" />
    </fieldset>
  );
}

interface DurationFieldTerms {
  asking: Asking;
  name: "min_duration_ms" | "max_duration_ms";
  label: string;
}

function DurationField({ asking, name, label }: DurationFieldTerms) {
  return (
    <label>
      <span class="muted">{label}</span>
      <input
        class="input"
        type="number"
        min={0}
        max={DURATION_MS_MAX}
        step="any"
        value={asking.query.get(name) ?? ""}
        onChange={({ currentTarget }) => {
          if (!currentTarget.reportValidity()) return;
          const value = currentTarget.value === "" ? null : String(Number(currentTarget.value));
          goTo(hrefWith({ [name]: value, after: null }));
        }}
      />
    </label>
  );
}
