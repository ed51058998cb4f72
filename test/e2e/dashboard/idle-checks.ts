/** What a page asks by itself is a poll: a tab that is left open keeps nobody signed in (sessions, known-sessions.ts). */
import type { Browser, Request } from "playwright-core";
import type { Checks } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { Reader } from "./browser.ts";
import { answerWith, type FakeAnswers } from "./fake-api.ts";
import { fakeOrg } from "./fake-org.ts";

/** With what each has to ask before it counts as having asked by itself. */
const PAGES: readonly (readonly [path: string, heading: string, endpoint: string])[] = [
  ["/orgs/acme/activity?view=calls", "Tool activity", "/invocations"],
  ["/orgs/acme/activity", "Tool activity", "/activity"],
  ["/orgs/acme/overview", "Overview", "/activity"],
  ["/orgs/acme/lag", "Lag", "/lag"],
];

export async function checkIdle(checks: Checks, browser: Browser, url: string): Promise<void> {
  for (const page of PAGES) await checkPage(checks, browser, url, page);
}

async function checkPage(
  checks: Checks,
  browser: Browser,
  url: string,
  [path, heading, endpoint]: (typeof PAGES)[number],
): Promise<void> {
  let folds = 7;
  const answers: FakeAnswers = {
    ...fakeOrg(),
    "/invocations": { body: { invocations: [], next_cursor: null, scanned_to: null } },
    "/changes": () => ({
      body: { folds, newest_arrival: null },
      headers: { etag: `W/"${folds}"` },
    }),
  };
  const reader = await Reader.open(browser, url, { prepare: (page) => answerWith(page, answers) });
  await reader.open(path, heading);
  await reader.page.getByText(/^Live, as of/).waitFor();
  await reader.page.waitForLoadState("networkidle");
  const asked: Request[] = [];
  reader.page.on("request", (request) => {
    if (new URL(request.url()).pathname.startsWith("/v1/")) asked.push(request);
  });
  folds += 1;
  const hasAsked = async () =>
    asked.some((request) => new URL(request.url()).pathname.endsWith(endpoint));
  await waitUntil(hasAsked, { msMax: 30_000, what: `${path} to ask by itself` });
  await reader.page.waitForLoadState("networkidle");
  const unmarked = asked.filter((request) => request.headers()["x-mcpg-poll"] === undefined);
  checks.report(
    `idle: what ${path} asks by itself keeps no session alive`,
    unmarked.map((request) => request.url()),
  );
  await reader.close();
}
