/** What each place shows. A page is mounted anew for another org or id, and only redrawn for another query. */
import type { ComponentType } from "preact";
import { OverviewPage } from "#dashboard/overview/overview-page.tsx";
import type { Page } from "#dashboard/place/address.ts";
import { laterPage } from "./later-page.tsx";
import { MissingPage } from "./missing-page.tsx";

/** Of the pages that an org has. */
export const PAGES: Readonly<Partial<Record<Page, ComponentType<{ org: string }>>>> = {
  overview: OverviewPage,
  lag: laterPage(async () => (await import("#dashboard/lag/lag-page.tsx")).LagPage),
  activity: laterPage(
    async () => (await import("#dashboard/activity/activity-page.tsx")).ActivityPage,
  ),
  call: laterPage(async () => (await import("#dashboard/call/call-page.tsx")).CallPage),
  audit: laterPage(async () => (await import("#dashboard/audit/audit-page.tsx")).AuditPage),
  entry: laterPage(async () => (await import("#dashboard/audit/entry-page.tsx")).EntryPage),
};

/** Of those that need neither an org nor a session. */
export const OPEN_PAGES: Readonly<Partial<Record<Page, ComponentType>>> = {
  style: laterPage(async () => (await import("#dashboard/style/style-page.tsx")).StylePage),
  missing: MissingPage,
};
