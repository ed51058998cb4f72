/** What a key does in a field with suggestions, by APG's combobox. https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ */
export type KeyAction =
  | { readonly do: "mark"; readonly at: number }
  | { readonly do: "take"; readonly at: number }
  | { readonly do: "close" }
  | { readonly do: "empty" };

export interface ComboboxState {
  readonly isOpen: boolean;
  readonly text: string;
  /** The suggestion that is marked; -1 is none, and Enter then takes what is written. */
  readonly at: number;
  readonly count: number;
}

export function keyAction(key: string, state: ComboboxState): KeyAction | null {
  const { isOpen, at, count } = state;
  if (key === "ArrowDown") return { do: "mark", at: count === 0 ? -1 : (at + 1) % count };
  if (key === "ArrowUp") return { do: "mark", at: at <= 0 ? count - 1 : at - 1 };
  if (key === "Enter") return { do: "take", at: isOpen ? at : -1 };
  return key === "Escape" ? escapeAction(state) : null;
}

function escapeAction({ isOpen, text }: ComboboxState): KeyAction | null {
  if (isOpen) return { do: "close" };
  return text === "" ? null : { do: "empty" };
}
