import { announce } from "./status.tsx";

interface CopyTerms {
  /** What is long to write is written when it is asked for. */
  text: string | (() => string);
  label?: string;
}

export function CopyButton({ text, label = "Copy" }: CopyTerms) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : text());
      announce("Copied");
    } catch {
      announce("The browser did not let it be copied");
    }
  };
  return (
    <button type="button" class="button button-small" onClick={copy}>
      {label}
    </button>
  );
}
