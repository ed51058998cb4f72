/** Which key does what. `g` waits for a second one. */
export type ShortcutAction =
  | { readonly do: "open"; readonly page: "overview" | "activity" | "lag" | "audit" }
  | { readonly do: "refresh" | "pause" | "zone" | "help" }
  | { readonly do: "wait" };

const OPENS: Readonly<Record<string, "overview" | "activity" | "lag" | "audit">> = {
  o: "overview",
  t: "activity",
  l: "lag",
  a: "audit",
};
const ACTS: Readonly<Record<string, ShortcutAction>> = {
  g: { do: "wait" },
  r: { do: "refresh" },
  p: { do: "pause" },
  z: { do: "zone" },
  "?": { do: "help" },
};

export const SHORTCUTS: readonly { keys: string; does: string }[] = [
  { keys: "g o", does: "Overview" },
  { keys: "g t", does: "Tool activity" },
  { keys: "g l", does: "Lag" },
  { keys: "g a", does: "Audit" },
  { keys: "r", does: "Ask for all figures now" },
  { keys: "p", does: "Pause or resume what is live" },
  { keys: "z", does: "Local time or UTC" },
  { keys: "?", does: "This list" },
];

export function shortcutAction(key: string, isWaiting: boolean): ShortcutAction | null {
  if (!isWaiting) return ACTS[key] ?? null;
  const page = OPENS[key];
  return page === undefined ? null : { do: "open", page };
}
