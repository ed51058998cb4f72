import { isTakenToBeIn, mayRead } from "#dashboard/api/session.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import type { Page } from "#dashboard/place/address.ts";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, place } from "#dashboard/place/place.ts";
import { RangeBar } from "./range-bar.tsx";
import { SessionMenu } from "./session-menu.tsx";

/** Settings will be one more. */
const NAV: readonly { page: Page; title: string; of: "telemetry" | "audit"; also?: Page }[] = [
  { page: "overview", title: "Overview", of: "telemetry" },
  { page: "activity", title: "Tool activity", of: "telemetry", also: "call" },
  { page: "lag", title: "Lag", of: "telemetry" },
  { page: "audit", title: "Audit", of: "audit", also: "entry" },
];

/** A call and an entry are at their own time, whatever range led there; of a log all is asked for, unless told. */
const TIMED: readonly Page[] = ["overview", "activity", "lag"];

export function Header() {
  const { org, page } = place.value;
  const isIn = isTakenToBeIn() && page !== "sign-in";
  return (
    <header class="header">
      <div class="header-row">
        <Link href="/" class="brand">
          MCPG
        </Link>
        {isIn && org !== null && (
          <>
            <span class="org-name" title="The org">
              <Hostile text={org} />
            </span>
            <OrgNav />
          </>
        )}
        <SessionMenu />
      </div>
      {isIn && org !== null && TIMED.includes(page) && <RangeBar />}
    </header>
  );
}

function OrgNav() {
  const { page } = place.value;
  return (
    <nav aria-label="Pages" class="nav">
      <ul>
        {NAV.filter(({ of }) => mayRead(of)).map(({ page: to, title, also }) => (
          <li key={to}>
            <Link href={hrefOf({ page: to })} aria-current={here(page, to, also)}>
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** A call is below tool activity: the way there is marked, but it is not the page. */
function here(page: Page, to: Page, also: Page | undefined): "page" | "true" | undefined {
  if (page === to) return "page";
  return page === also ? "true" : undefined;
}
