/** When a session ends by itself, and when its reader is told: WCAG 2.2.1 asks for 20 s at least, we give 2 minutes. */
const WARN_MS = 120_000;
/** The server may have been asked from another tab: what it knows is heard before anybody is warned. */
const ASK_MS = 150_000;

export interface SessionEnds {
  readonly idleMs: number;
  readonly absoluteMs: number;
}

export type IdleState =
  | { readonly state: "fine"; readonly lookInMs: number }
  /** Ask the server how long there is still. */
  | { readonly state: "ask" }
  /** `canExtend`: the session as such is not at its end. */
  | { readonly state: "warn"; readonly leftMs: number; readonly canExtend: boolean }
  | { readonly state: "over" };

export function idleState(
  { idleMs, absoluteMs }: SessionEnds,
  nowMs: number,
  askedAtMs: number,
): IdleState {
  const endMs = Math.min(idleMs, absoluteMs);
  const leftMs = endMs - nowMs;
  if (leftMs <= 0) return { state: "over" };
  if (leftMs <= WARN_MS) return { state: "warn", leftMs, canExtend: absoluteMs > idleMs };
  if (leftMs <= ASK_MS && askedAtMs < endMs - ASK_MS) return { state: "ask" };
  return { state: "fine", lookInMs: leftMs - (leftMs > ASK_MS ? ASK_MS : WARN_MS) };
}
