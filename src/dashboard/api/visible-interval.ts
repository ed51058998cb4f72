/** Polling costs the org rows: a tab that nobody sees asks nothing, and asks at once when it is seen again. */
import { useEffect, useRef } from "preact/hooks";

/** Without a period it rests. */
export function useVisibleInterval(periodMs: number | null, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (periodMs === null) return;
    return everyVisible(periodMs, () => latest.current());
  }, [periodMs]);
}

/** Returns what ends it. */
export function everyVisible(periodMs: number, act: () => void): () => void {
  let doneMs = performance.now();
  const look = () => {
    if (document.hidden || performance.now() - doneMs < periodMs) return;
    doneMs = performance.now();
    act();
  };
  // Timers may fire a little early.
  const timer = setInterval(look, periodMs + 1);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
  };
}
