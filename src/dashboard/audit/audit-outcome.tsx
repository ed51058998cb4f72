/** An entry's outcome: sign and word. */
import { Hostile } from "#dashboard/parts/hostile.tsx";
import type { CanonicalObject } from "#formats/canonical-json.ts";
import { memberText } from "./audit-answers.ts";

const OUTCOME_SIGNS: Readonly<Record<string, string>> = {
  allowed: "✓",
  denied: "⊘",
  deferred: "…",
  error: "✕",
};

export function AuditOutcome({ event }: { event: CanonicalObject }) {
  const outcome = memberText(event, "outcome") ?? "";
  return (
    <span
      class={`audit-outcome audit-${Object.hasOwn(OUTCOME_SIGNS, outcome) ? outcome : "other"}`}
    >
      <span aria-hidden="true">{OUTCOME_SIGNS[outcome] ?? "?"}</span> <Hostile text={outcome} />
    </span>
  );
}
