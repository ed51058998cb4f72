/** Whether something is well, by mark and word. */
import type { ComponentChildren } from "preact";

export type Tone = "good" | "warn" | "bad" | "none";

const MARKS: Readonly<Record<Tone, { shape: string; fill: string }>> = {
  good: { shape: "M1 6.5l3.5 3.5L11 2.5", fill: "stroke-good" },
  warn: { shape: "M6 1v6M6 9.5v1.5", fill: "stroke-warn" },
  bad: { shape: "M2 2l8 8M10 2l-8 8", fill: "stroke-bad" },
  none: { shape: "M2 6h8", fill: "stroke-none" },
};

export function Verdict({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  const { shape, fill } = MARKS[tone];
  return (
    <span class="verdict">
      <svg class={`mark ${fill}`} viewBox="0 0 12 12" aria-hidden="true">
        <path d={shape} />
      </svg>
      {children}
    </span>
  );
}
