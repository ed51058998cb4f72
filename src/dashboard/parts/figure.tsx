/** One number, what it is of, and the way to what explains it. */
import type { ComponentChildren } from "preact";
import { Link } from "#dashboard/place/link.tsx";
import { type Tone, Verdict } from "./verdict.tsx";

interface FigureTerms {
  label: string;
  value: ComponentChildren;
  note?: ComponentChildren;
  href?: string | undefined;
  /** Of the note, whose words say it too. */
  tone?: Tone | undefined;
}

export function Figure({ label, value, note, href, tone }: FigureTerms) {
  return (
    <div class="figure">
      <span class="figure-label">
        {href === undefined ? label : <Link href={href}>{label}</Link>}
      </span>
      <span class="figure-value">{value}</span>
      {note !== undefined && (
        <span class="figure-note">
          {tone === undefined ? note : <Verdict tone={tone}>{note}</Verdict>}
        </span>
      )}
    </div>
  );
}
