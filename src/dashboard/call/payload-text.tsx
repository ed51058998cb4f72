/** A payload as text: put in as `textContent`, so that nothing of it is ever markup. */
import { useEffect, useRef } from "preact/hooks";

export function PayloadText({ name, value }: { name: string; value: unknown }) {
  const element = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (element.current !== null) element.current.textContent = textOf(value);
  }, [value]);
  return (
    <>
      <h3>{name}</h3>
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
