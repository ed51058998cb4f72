/** For a canvas, which knows no style sheet: the colours of style/tokens.css as they are now. */
import { signal } from "@preact/signals";

const dark = matchMedia("(prefers-color-scheme: dark)");
const forced = matchMedia("(forced-colors: active)");

/** Goes up when tokens may mean other colours: what is drawn of them is drawn anew. */
export const schemeChanges = signal(0);

const note = () => {
  schemeChanges.value += 1;
};
dark.addEventListener("change", note);
forced.addEventListener("change", note);
new MutationObserver(note).observe(document.documentElement, { attributeFilter: ["data-theme"] });

/** `--heat-low` as rgb(…) of the scheme that is shown. */
export function readColour(token: `--${string}`): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.documentElement.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
