import { heardAtMs, isPaused, refresh } from "#dashboard/api/live.ts";
import { Age } from "#dashboard/parts/age.tsx";

/** What is shown follows the fleet each 10 seconds; who reads calmly stops it. */
export function LiveControl() {
  const toggle = () => {
    isPaused.value = !isPaused.value;
    if (!isPaused.value) refresh();
  };
  return (
    <div class="live">
      <span class={`live-mark ${isPaused.value ? "live-paused" : ""}`} aria-hidden="true" />
      <span>
        {isPaused.value ? "Paused, as of" : "Live, as of"} <Age atMs={heardAtMs.value} />
      </span>
      <button type="button" class="button button-small" onClick={toggle}>
        {isPaused.value ? "Resume" : "Pause"}
      </button>
    </div>
  );
}
