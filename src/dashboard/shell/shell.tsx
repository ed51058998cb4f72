/** What stands around every page: who is signed in, where one is, and where one may go. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { leaveForSignIn } from "#dashboard/api/leave.ts";
import { beginLive, watchChanges } from "#dashboard/api/live.ts";
import { loadSession, mayRead, signedIn } from "#dashboard/api/session.ts";
import { Failed, Loading } from "#dashboard/parts/states.tsx";
import { Status } from "#dashboard/parts/status.tsx";
import { place } from "#dashboard/place/place.ts";
import { Header } from "./header.tsx";
import { OrgsPage } from "./orgs-page.tsx";
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
  const isIn = signed.state === "in";
  useEffect(() => {
    if (signed.state === "unknown") void loadSession();
    if (signed.state === "out") leaveForSignIn();
  }, [signed.state]);
  if (signed.state === "failed") {
    return <Failed problem={signed.problem} retry={() => void loadSession()} />;
  }
  if (!isIn) return <Loading label="Asking who is signed in" />;
  const Shown = PAGES[page];
  if (org === null || Shown === undefined) return <OrgsPage />;
  return (
    <OrgView key={org} org={org}>
      <Shown key={`${page} ${id}`} org={org} />
    </OrgView>
  );
}

/** All of one org's pages, which follow the same calls. */
function OrgView({ org, children }: { org: string; children: ComponentChildren }) {
  useState(beginLive);
  useEffect(() => (mayRead("telemetry") ? watchChanges(org) : undefined), [org]);
  return <>{children}</>;
}
