/** A reader's own choices: of this browser, not of the address, for a link is to show others the same figures only. */
import { signal } from "@preact/signals";
import { keepText, keptText } from "#dashboard/api/kept-text.ts";

export type Scheme = "system" | "light" | "dark";

export const scheme = signal<Scheme>("system");
/** WCAG 2.1.4: speech input types letters, so keys that act by themselves can be turned off. */
export const hasShortcuts = signal(true);
export const isHelpOpen = signal(false);

const SCHEME = "mcpg.scheme";
const SHORTCUTS = "mcpg.shortcuts";

export function readChoices(): void {
  const kept = keptText(SCHEME);
  if (kept === "light" || kept === "dark") show(kept);
  hasShortcuts.value = keptText(SHORTCUTS) !== "off";
}

export function setScheme(next: Scheme): void {
  show(next);
  keepText(SCHEME, next);
}

export function setShortcuts(isOn: boolean): void {
  hasShortcuts.value = isOn;
  keepText(SHORTCUTS, isOn ? "on" : "off");
}

function show(next: Scheme): void {
  scheme.value = next;
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
}
