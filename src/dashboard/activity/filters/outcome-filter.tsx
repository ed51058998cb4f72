import type { Asking } from "#dashboard/activity/asking.ts";
import { Outcome } from "#dashboard/parts/outcome.tsx";
import { type CallOutcome, OUTCOMES } from "#dashboard/parts/outcomes.ts";
import { goTo, hrefWith } from "#dashboard/place/place.ts";

/** None chosen is all: a filter that lets nothing through would be no question. */
export function OutcomeFilter({ asking }: { asking: Asking }) {
  const chosen = (asking.query.get("outcome") ?? "").split(",");
  const toggle = (outcome: CallOutcome) => {
    const next = OUTCOMES.filter((one) => chosen.includes(one) !== (one === outcome));
    const text = next.length === 0 || next.length === OUTCOMES.length ? null : next.join(",");
    goTo(hrefWith({ outcome: text, after: null }));
  };
  return (
    <fieldset class="choice outcome-filter">
      <legend>Outcome</legend>
      {OUTCOMES.map((outcome) => (
        <label key={outcome}>
          <input
            type="checkbox"
            checked={chosen.includes(outcome)}
            onChange={() => toggle(outcome)}
          />
          <Outcome outcome={outcome} />
        </label>
      ))}
    </fieldset>
  );
}
