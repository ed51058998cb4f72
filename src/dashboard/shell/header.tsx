import { signedIn } from "#dashboard/api/session.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import type { Page } from "#dashboard/place/address.ts";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, place } from "#dashboard/place/place.ts";

const NAV: readonly { page: Page; title: string; also?: Page }[] = [
  { page: "overview", title: "Overview" },
  { page: "activity", title: "Tool activity", also: "call" },
  { page: "lag", title: "Lag" },
  { page: "audit", title: "Audit", also: "entry" },
];

export function Header() {
  const { org, page } = place.value;
  const isIn = signedIn.value.state === "in";
  return (
    <header class="header">
      <Link href="/" class="brand">
        MCPG
      </Link>
      {org !== null && (
        <>
          <Link href="/" class="org-name">
            <Hostile text={org} />
          </Link>
          {isIn && (
            <nav aria-label="Pages of the org">
              <ul class="nav">
                {NAV.map(({ page: to, title, also }) => (
                  <li key={to}>
                    <Link href={hrefOf({ page: to })} aria-current={here(page, to, also)}>
                      {title}
                    </Link>
                  </li>
                ))}
              </ul>
            </nav>
          )}
        </>
      )}
    </header>
  );
}

/** A call is below tool activity: the way there is marked, but it is not the page. */
function here(page: Page, to: Page, also: Page | undefined): "page" | "true" | undefined {
  if (page === to) return "page";
  return page === also ? "true" : undefined;
}
