/** A payload as text: put in as `textContent`, so that nothing of it is ever markup. */
import { useEffect, useRef } from "preact/hooks";
import { Hostile } from "#dashboard/parts/hostile.tsx";

/** Of a field of which the beginning alone is kept. */
export interface CutField {
  readonly bytes: number;
  readonly blake3: string;
}

interface PayloadTextTerms {
  name: string;
  value: unknown;
  cut: CutField | null;
}

export function PayloadText({ name, value, cut }: PayloadTextTerms) {
  const element = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (element.current !== null) element.current.textContent = textOf(value);
  }, [value]);
  return (
    <>
      <h3>{name}</h3>
      {cut !== null && (
        <p class="muted">
          Its beginning: of {cut.bytes.toLocaleString("en")} bytes the rest is not kept. BLAKE3 of
          the whole: <Hostile text={cut.blake3} isCode />
        </p>
      )}
      <section class="payload" aria-label={name}>
        <pre ref={element} />
      </section>
    </>
  );
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "(nothing was captured)";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
