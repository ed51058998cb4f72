/** A reader's own choices: of this browser, not of the address, for a link is to show others the same figures only. */
import { signal } from "@preact/signals";

export type Scheme = "system" | "light" | "dark";

export const scheme = signal<Scheme>("system");
/** WCAG 2.1.4: speech input types letters, so keys that act by themselves can be turned off. */
export const hasShortcuts = signal(true);
export const isHelpOpen = signal(false);

const SCHEME = "mcpg.scheme";
const SHORTCUTS = "mcpg.shortcuts";

export function readChoices(): void {
  const kept = read(SCHEME);
  if (kept === "light" || kept === "dark") show(kept);
  hasShortcuts.value = read(SHORTCUTS) !== "off";
}

export function setScheme(next: Scheme): void {
  show(next);
  keep(SCHEME, next);
}

export function setShortcuts(isOn: boolean): void {
  hasShortcuts.value = isOn;
  keep(SHORTCUTS, isOn ? "on" : "off");
}

function show(next: Scheme): void {
  scheme.value = next;
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
}

/** A browser may forbid storage: a choice then lasts as long as the page. */
function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It is shown all the same.
  }
}
