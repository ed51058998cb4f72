/** What each place shows. A page is mounted anew for another org or id, and only redrawn for another query. */
import type { ComponentType } from "preact";
import { ActivityPage } from "#dashboard/activity/activity-page.tsx";
import { AuditPage } from "#dashboard/audit/audit-page.tsx";
import { EntryPage } from "#dashboard/audit/entry-page.tsx";
import { CallPage } from "#dashboard/call/call-page.tsx";
import { LagPage } from "#dashboard/lag/lag-page.tsx";
import { OverviewPage } from "#dashboard/overview/overview-page.tsx";
import type { Page } from "#dashboard/place/address.ts";
import { StylePage } from "#dashboard/style/style-page.tsx";
import { MissingPage } from "./missing-page.tsx";

/** Of the pages that an org has. */
export const PAGES: Readonly<Partial<Record<Page, ComponentType<{ org: string }>>>> = {
  overview: OverviewPage,
  lag: LagPage,
  activity: ActivityPage,
  call: CallPage,
  audit: AuditPage,
  entry: EntryPage,
};

/** Of those that need neither an org nor a session. */
export const OPEN_PAGES: Readonly<Partial<Record<Page, ComponentType>>> = {
  style: StylePage,
  missing: MissingPage,
};
