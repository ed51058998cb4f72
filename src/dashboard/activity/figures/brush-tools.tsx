/** What a brush is for, and the way to set it without drawing: the one end, then the other. */

import type { PlaceQuery } from "#dashboard/activity/activity-question.ts";
import { Link } from "#dashboard/place/link.tsx";
import { hrefWith } from "#dashboard/place/place.ts";
import { type BrushUse, brushUse } from "./column-drill.ts";

const USES: readonly { use: BrushUse; title: string }[] = [
  { use: "zoom", title: "Zoom in" },
  { use: "compare", title: "Compare" },
];

export function BrushUses({ query }: { query: PlaceQuery }) {
  const now = brushUse(query);
  return (
    <>
      <span class="muted" aria-hidden="true">
        Drag to
      </span>
      <nav class="segments" aria-label="What a selection does">
        {USES.map(({ use, title }) => (
          <Link
            key={use}
            href={hrefWith({ brush: use === "zoom" ? null : use })}
            replace
            aria-current={use === now ? "true" : undefined}
          >
            {title}
          </Link>
        ))}
      </nav>
    </>
  );
}

interface PickButtonTerms {
  isPicking: boolean;
  onChange(isPicking: boolean): void;
  what: string;
}

export function PickButton({ isPicking, onChange, what }: PickButtonTerms) {
  return (
    <button
      type="button"
      class="button button-small"
      aria-pressed={isPicking}
      title="Choose one end, then the other, by click or Enter. Or draw it."
      onClick={() => onChange(!isPicking)}
    >
      Select {what}
    </button>
  );
}
