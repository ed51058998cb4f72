/** A page's heading. Who has come from another page is put before it, by keyboard and by voice. */
import { untracked } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { arrivals } from "#dashboard/place/place.ts";
import { visibleText } from "./visible-text.ts";

interface PageTitleTerms {
  /** Of the browser's tab and history, in plain words. */
  title: string;
  /** The heading, where it is more than that. */
  children?: ComponentChildren;
}

export function PageTitle({ title, children }: PageTitleTerms) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${visibleText(title)} · MCPG`;
  }, [title]);
  useEffect(() => {
    if (untracked(() => arrivals.value) > 0) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? title}
    </h1>
  );
}
