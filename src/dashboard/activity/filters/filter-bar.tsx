import { useState } from "preact/hooks";
import { filtersOf } from "#dashboard/activity/activity-question.ts";
import type { Asking } from "#dashboard/activity/asking.ts";
import { DurationFilter } from "./duration-filter.tsx";
import { FilterField, type LookedUp } from "./filter-field.tsx";
import { OutcomeFilter } from "./outcome-filter.tsx";
import { Pills } from "./pills.tsx";

const FIELDS: readonly { name: LookedUp; label: string }[] = [
  { name: "tool", label: "Tool" },
  { name: "plugin", label: "Plugin" },
  { name: "workspace", label: "Workspace" },
  { name: "actor", label: "Actor" },
  { name: "instance", label: "Instance" },
  { name: "error_code", label: "Error code" },
];

export function FilterBar({ asking }: { asking: Asking }) {
  const [isOpen, setIsOpen] = useState(() => matchMedia("(min-width: 900px)").matches);
  const count = filtersOf(asking.query).length;
  return (
    <section class="filters" aria-label="Filters">
      <div class="filter-line">
        <button
          type="button"
          class="button button-small"
          aria-expanded={isOpen}
          aria-controls="filter-fields"
          onClick={() => setIsOpen(!isOpen)}
        >
          Filters{count > 0 ? ` (${count})` : ""}
        </button>
        <Pills query={asking.query} />
      </div>
      <div id="filter-fields" class="filter-fields" hidden={!isOpen}>
        <div class="filter-names">
          {FIELDS.map(({ name, label }) => (
            <FilterField key={name} asking={asking} name={name} label={label} />
          ))}
        </div>
        <div class="filter-kinds">
          <OutcomeFilter asking={asking} />
          <DurationFilter asking={asking} />
        </div>
      </div>
    </section>
  );
}
