import { Outcome } from "#dashboard/parts/outcome.tsx";
import { OUTCOMES } from "#dashboard/parts/outcomes.ts";
import { Sample } from "./sample.tsx";

const SURFACES = ["page", "raised", "line", "control", "text", "muted", "link", "focus"];

export function TokenSamples() {
  return (
    <Sample title="Colours">
      <div class="wells">
        {SURFACES.map((name) => (
          <Well key={name} name={name} />
        ))}
      </div>
      <h3>Outcomes: swatch, shape and word, in the order that they are stacked</h3>
      <div class="wells">
        {OUTCOMES.map((outcome) => (
          <Well key={outcome} name={outcome.replaceAll("_", "-")} />
        ))}
      </div>
      <div class="buttons">
        {OUTCOMES.map((outcome) => (
          <Outcome key={outcome} outcome={outcome} />
        ))}
      </div>
      <h3>Heat: from few to many calls; none is the page</h3>
      <div class="heat-ramp" role="img" aria-label="The ramp of the heat map" />
    </Sample>
  );
}

function Well({ name }: { name: string }) {
  return (
    <span class="well">
      <span class="well-colour" style={{ background: `var(--${name})` }} />
      <code>--{name}</code>
    </span>
  );
}
