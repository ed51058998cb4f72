/** A field with suggestions: Down opens, Enter takes, Esc closes, and once more empties it. */
import { useId, useState } from "preact/hooks";
import { type KeyAction, keyAction } from "./combobox-keys.ts";
import { Suggestions } from "./suggestions.tsx";

export interface Suggestion {
  readonly value: string;
  readonly note?: string;
}

export interface FilterTerms {
  label: string;
  /** What is filtered by; null is no filter. */
  value: string | null;
  suggestions: readonly Suggestion[];
  /** Each time the text changes, for whoever looks suggestions up. */
  onType?: (text: string) => void;
  onTake(value: string | null): void;
}

export function Filter({ label, value, suggestions, onType, onTake }: FilterTerms) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [at, setAt] = useState(-1);
  const [isOpen, setIsOpen] = useState(false);
  const text = typed ?? value ?? "";
  const isShown = isOpen && suggestions.length > 0;

  const mark = (next: number, isStillOpen: boolean) => {
    setAt(next);
    setIsOpen(isStillOpen);
  };
  const take = (taken: string | null) => {
    mark(-1, false);
    setTyped(null);
    if (taken !== value) onTake(taken);
  };
  const takeWritten = () => take(text === "" ? null : text);
  const act = (action: KeyAction) => {
    if (action.do === "mark") mark(action.at, true);
    else if (action.do === "close") mark(-1, false);
    else if (action.do === "empty") take(null);
    else if (action.at < 0) takeWritten();
    else take(suggestions[action.at]?.value ?? null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const action = keyAction(event.key, { isOpen: isShown, text, at, count: suggestions.length });
    if (action === null) return;
    event.preventDefault();
    event.stopPropagation();
    act(action);
  };
  return (
    <div class="filter">
      <label for={`${id}-input`}>{label}</label>
      <input
        id={`${id}-input`}
        class="input"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        aria-autocomplete="list"
        aria-expanded={isShown}
        aria-controls={`${id}-list`}
        aria-activedescendant={isShown && at >= 0 ? `${id}-list-${at}` : undefined}
        value={text}
        onInput={({ currentTarget }) => {
          setTyped(currentTarget.value);
          mark(-1, true);
          onType?.(currentTarget.value);
        }}
        onFocus={() => onType?.(text)}
        onClick={() => mark(-1, true)}
        onKeyDown={onKeyDown}
        onBlur={() => (typed === null ? mark(-1, false) : takeWritten())}
      />
      <Suggestions id={`${id}-list`} {...{ label, suggestions, at, isShown }} onTake={take} />
    </div>
  );
}
