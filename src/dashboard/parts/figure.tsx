/** One number, what it is of, and the way to what explains it. */
import type { ComponentChildren } from "preact";
import { Link } from "#dashboard/place/link.tsx";

export type Tone = "good" | "warn" | "bad";

interface FigureTerms {
  label: string;
  value: ComponentChildren;
  note?: ComponentChildren;
  href?: string | undefined;
  /** The mark beside it says so in a word, too. */
  tone?: Tone | undefined;
}

export function Figure({ label, value, note, href, tone }: FigureTerms) {
  return (
    <div class={`figure ${tone === undefined ? "" : `figure-${tone}`}`}>
      <span class="figure-label">
        {href === undefined ? label : <Link href={href}>{label}</Link>}
      </span>
      <span class="figure-value">{value}</span>
      {note !== undefined && <span class="figure-note">{note}</span>}
    </div>
  );
}
