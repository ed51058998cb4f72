import { announce } from "./status.tsx";

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
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
