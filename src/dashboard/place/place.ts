/** Where one is. The address is the state: what a view shows follows from this one signal. */
import { signal } from "@preact/signals";
import { formatAddress, type Page, type Place, parseAddress } from "./address.ts";
import { EVERY_PAGE } from "./time-range.ts";

export type { Place } from "./address.ts";

export const place = signal<Place>(parseAddress(location.pathname, location.search));

/** Counts what a reader takes for another page: its heading then has the focus. */
export const arrivals = signal(0);

/**
 * What is left out: org and page are those one is at, there is no id, and of the query remains what holds on every
 * page, its time range and zone. A query that is given is all of it.
 */
export function hrefOf({ org, page, id, query }: Partial<Place>): string {
  const here = place.value;
  return formatAddress({
    org: org === undefined ? here.org : org,
    page: page ?? here.page,
    id: id ?? null,
    query: query ?? new Map([...here.query].filter(([name]) => EVERY_PAGE.includes(name))),
  });
}

/** Another page of the same org and time range, with filters of its own; null takes away what holds on every page. */
export function hrefFor(
  page: Page,
  filters: Readonly<Record<string, string | null | undefined>> = {},
): string {
  const query = new Map([...place.value.query].filter(([name]) => EVERY_PAGE.includes(name)));
  for (const [name, value] of Object.entries(filters)) {
    if (value === null) query.delete(name);
    else if (value !== undefined) query.set(name, value);
  }
  return hrefOf({ page, query });
}

/** The same page with some parameters changed; null takes one away. */
export function hrefWith(changes: Readonly<Record<string, string | null>>): string {
  const query = new Map(place.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  return formatAddress({ ...place.value, query });
}

/** A new question is a step that Back undoes; what is still being typed replaces. */
export function goTo(href: string, { replace = false }: { replace?: boolean } = {}): void {
  const { pathname, search } = new URL(href, location.origin);
  const isSamePage = pathname === location.pathname;
  if (replace) history.replaceState(history.state, "", href);
  else {
    history.replaceState({ scrollPx: scrollY }, "");
    history.pushState(null, "", href);
  }
  place.value = parseAddress(pathname, search);
  if (isSamePage) return;
  arrivals.value += 1;
  scrollTo(0, 0);
}

/** Back and Forward: the page comes back with the place that was read. */
export function followHistory(): () => void {
  history.scrollRestoration = "manual";
  const follow = ({ state }: PopStateEvent) => {
    const before = place.value;
    place.value = parseAddress(location.pathname, location.search);
    if (formatAddress({ ...before, query: new Map() }) !== location.pathname) arrivals.value += 1;
    scrollWhenThere(Number(state?.scrollPx ?? 0));
  };
  addEventListener("popstate", follow);
  return () => removeEventListener("popstate", follow);
}

const SCROLL_TRIES_MAX = 60;

/** What was scrolled over may have to be fetched first. */
function scrollWhenThere(px: number, tries = 0): void {
  scrollTo(0, px);
  if (scrollY >= px || tries >= SCROLL_TRIES_MAX) return;
  requestAnimationFrame(() => scrollWhenThere(px, tries + 1));
}
