/** A real anchor: it opens in a new tab, is copied and is followed by keyboard as any other. */
import type { AnchorHTMLAttributes, ComponentChildren } from "preact";
import { goTo } from "./place.ts";

type LinkTerms = Pick<
  AnchorHTMLAttributes<HTMLAnchorElement>,
  | "class"
  | "id"
  | "title"
  | "tabIndex"
  | "tabindex"
  | "aria-current"
  | "aria-label"
  | "aria-describedby"
> & {
  href: string;
  replace?: boolean;
  children?: ComponentChildren;
};

export function Link({ href, replace = false, children, ...rest }: LinkTerms) {
  const follow = (event: MouseEvent) => {
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!isPlain || event.button !== 0 || event.defaultPrevented) return;
    event.preventDefault();
    goTo(href, { replace });
  };
  return (
    <a {...rest} href={href} onClick={follow}>
      {children}
    </a>
  );
}
