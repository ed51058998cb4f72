/** A button that shows what is behind it (APG's disclosure). Esc, or a click elsewhere, closes it. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

interface MenuTerms {
  label: ComponentChildren;
  /** Of the button, where its label is not told by its text. */
  name?: string;
  /** Which edge of the button it keeps to. */
  align?: "start" | "end";
  children: (close: () => void) => ComponentChildren;
}

export function Menu({ label, name, align = "start", children }: MenuTerms) {
  const id = useId();
  const [isOpen, setIsOpen] = useState(false);
  const room = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setIsOpen(false);
    button.current?.focus();
  };
  useEffect(() => {
    if (!isOpen) return;
    const leave = (event: Event) => {
      if (!room.current?.contains(event.target as Node)) setIsOpen(false);
    };
    const leaveByKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") close();
    };
    document.addEventListener("pointerdown", leave);
    document.addEventListener("focusin", leave);
    document.addEventListener("keydown", leaveByKey);
    return () => {
      document.removeEventListener("pointerdown", leave);
      document.removeEventListener("focusin", leave);
      document.removeEventListener("keydown", leaveByKey);
    };
  }, [isOpen]);
  return (
    <div ref={room} class="menu">
      <button
        ref={button}
        type="button"
        class="button"
        aria-label={name}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setIsOpen(!isOpen)}
      >
        {label}
      </button>
      <div id={id} class={`menu-panel menu-${align}`} hidden={!isOpen}>
        {isOpen && children(close)}
      </div>
    </div>
  );
}
