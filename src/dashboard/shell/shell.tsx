/** What stands around every page: who is signed in, where one is, and where one may go. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { leaveForSignIn } from "#dashboard/api/leave.ts";
import { beginLive, correctLive, watchChanges } from "#dashboard/api/live.ts";
import { isTakenToBeIn, loadSession, mayRead, signedIn } from "#dashboard/api/session.ts";
import { Failed, Loading } from "#dashboard/parts/states.tsx";
import { Status } from "#dashboard/parts/status.tsx";
import { place } from "#dashboard/place/place.ts";
import { Header } from "./header.tsx";
import { OrgsPage } from "./orgs-page.tsx";
import { OtherOrg } from "./other-org.tsx";
import { OPEN_PAGES, PAGES } from "./pages.tsx";
import { SessionWatch } from "./session-watch.tsx";
import { Shortcuts } from "./shortcuts.tsx";
import { SignInPage } from "./sign-in-page.tsx";

export function Shell() {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        <View />
      </main>
      <Status />
      <SessionWatch />
      <Shortcuts />
    </>
  );
}

function View() {
  const { page, org, id } = place.value;
  if (page === "sign-in") return <SignInPage />;
  const Open = OPEN_PAGES[page];
  if (Open !== undefined) return <Open key={`${page} ${id}`} />;
  return <SignedInView key={org} />;
}

function SignedInView() {
  const { page, org, id } = place.value;
  const signed = signedIn.value;
  const own = signed.state === "in" ? signed.session.org : null;
  const isIn = signed.state === "in";
  // Before the views ask theirs, which may take long.
  const [isEarly] = useState(() => {
    if (signed.state === "unknown") void loadSession();
    return signed.state === "unknown";
  });
  useEffect(() => {
    if (signed.state === "out") leaveForSignIn();
    if (isIn && isEarly) correctLive();
  }, [signed.state]);
  if (signed.state === "failed") {
    return <Failed problem={signed.problem} retry={() => void loadSession()} />;
  }
  const Shown = PAGES[page];
  const isOfOrg = org !== null && Shown !== undefined;
  if (!isIn && !(isOfOrg && isTakenToBeIn())) return <Loading label="Asking who is signed in" />;
  if (!isOfOrg) return <OrgsPage />;
  if (own !== null && own !== org) return <OtherOrg org={org} own={own} />;
  return (
    <OrgView key={org} org={org}>
      <Shown key={`${page} ${id}`} org={org} />
    </OrgView>
  );
}

/** All of one org's pages, which follow the same calls. */
function OrgView({ org, children }: { org: string; children: ComponentChildren }) {
  useState(beginLive);
  const isFollowing = mayRead("telemetry");
  useEffect(() => (isFollowing ? watchChanges(org) : undefined), [org, isFollowing]);
  return <>{children}</>;
}
