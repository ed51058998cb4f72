/** Lost spans as Workers Logs have them: how many, why, and of which collector, without its path. */
import type { DropReason } from "./span-counts.ts";

export interface Drop {
  reason: DropReason;
  spans: number;
  why: string;
  /** Null where no collector was found. */
  origin: string | null;
}

/** A flood of drops must not become a flood of lines. */
const LINES_APART_MS = 10_000;
const waiting = new Map<string, { spans: number; loggedMs: number }>();
const KEYS_MAX = 256;

export function logDrop({ reason, spans, why, origin }: Drop): void {
  const key = `${reason} ${why} ${origin}`;
  const before = waiting.get(key) ?? { spans: 0, loggedMs: 0 };
  const total = before.spans + spans;
  const nowMs = Date.now();
  if (nowMs - before.loggedMs < LINES_APART_MS) {
    waiting.set(key, { ...before, spans: total });
    return;
  }
  if (waiting.size >= KEYS_MAX) waiting.clear();
  waiting.set(key, { spans: 0, loggedMs: nowMs });
  // biome-ignore lint/suspicious/noConsole: Workers Logs is the only place to send this to
  console.warn(
    JSON.stringify({ level: "warn", event: "spans dropped", spans: total, reason, why, origin }),
  );
}
