import { useEffect } from "preact/hooks";
import { isPaused, refresh } from "#dashboard/api/live.ts";
import { Dialog } from "#dashboard/parts/dialog.tsx";
import { announce } from "#dashboard/parts/status.tsx";
import { goTo, hrefOf, hrefWith, place } from "#dashboard/place/place.ts";
import { zoneOf } from "#dashboard/place/time-range.ts";
import { hasShortcuts, isHelpOpen } from "./choices.ts";
import { SHORTCUTS, type ShortcutAction, shortcutAction } from "./shortcut-keys.ts";

/** How long `g` waits. */
const WAIT_MS = 1500;

export function Shortcuts() {
  useEffect(() => {
    let waitsUntilMs = 0;
    const listen = (event: KeyboardEvent) => {
      if (!isForUs(event)) return;
      const action = shortcutAction(event.key, event.timeStamp < waitsUntilMs);
      waitsUntilMs = action?.do === "wait" ? event.timeStamp + WAIT_MS : 0;
      if (action === null) return;
      event.preventDefault();
      act(action);
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
  return (
    <Dialog
      title="Keys"
      isOpen={isHelpOpen.value}
      onClose={() => {
        isHelpOpen.value = false;
      }}
    >
      <dl class="facts">
        {SHORTCUTS.map(({ keys, does }) => (
          <>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </>
        ))}
      </dl>
      <form method="dialog" class="buttons">
        <button type="submit" class="button">
          Close
        </button>
      </form>
    </Dialog>
  );
}

/** What is typed into a field is text, and a dialog has keys of its own. */
function isForUs(event: KeyboardEvent): boolean {
  if (!hasShortcuts.value || event.defaultPrevented || event.repeat) return false;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const target = event.target as Element;
  return target.closest("input, textarea, select, dialog, [contenteditable]") === null;
}

function act(action: ShortcutAction): void {
  if (action.do === "help") isHelpOpen.value = true;
  if (place.value.org === null) return;
  if (action.do === "open") goTo(hrefOf({ page: action.page }));
  if (action.do === "refresh") refresh();
  if (action.do === "pause") togglePause();
  if (action.do === "zone") toggleZone();
}

function togglePause(): void {
  isPaused.value = !isPaused.value;
  announce(isPaused.value ? "Paused" : "Live");
}

function toggleZone(): void {
  const change = zoneOf(place.value.query) === "utc" ? null : "utc";
  goTo(hrefWith({ zone: change }), { replace: true });
  announce(change === null ? "Times are local" : "Times are UTC");
}
