import type { Suggestion } from "./filter.tsx";
import { Hostile } from "./hostile.tsx";

interface SuggestionsTerms {
  id: string;
  label: string;
  suggestions: readonly Suggestion[];
  at: number;
  isShown: boolean;
  onTake(value: string): void;
}

/** The field keeps the focus: keys are its own. */
export function Suggestions(terms: SuggestionsTerms) {
  const { id, label, suggestions, at, isShown, onTake } = terms;
  return (
    <div id={id} role="listbox" tabIndex={-1} aria-label={label} class="listbox" hidden={!isShown}>
      {suggestions.map(({ value, note }, index) => (
        <div
          key={value}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          // Before the field loses the focus, and takes what is written.
          onMouseDown={(event) => {
            event.preventDefault();
            onTake(value);
          }}
        >
          <Hostile text={value} />
          {note !== undefined && <span class="muted">{note}</span>}
        </div>
      ))}
    </div>
  );
}
