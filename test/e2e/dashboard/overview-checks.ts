/** The overview: what it says in each state of its answers, and where its figures lead. */
import type { Browser, BrowserContextOptions } from "playwright-core";
import type { Checks } from "../checks.ts";
import { checkForAll, Reader } from "./browser.ts";
import { answerWith, type FakeAnswers, problem } from "./fake-api.ts";
import { fakeOrg } from "./fake-org.ts";

export async function checkOverview(checks: Checks, browser: Browser, url: string): Promise<void> {
  const open = async (answers: FakeAnswers, options: BrowserContextOptions = {}) => {
    const prepare = (page: Reader["page"]) => answerWith(page, answers);
    const reader = await Reader.open(browser, url, { ...options, prepare });
    await reader.open("/orgs/acme/overview", "Overview");
    return reader;
  };
  await checkForAll(checks, "overview", async (options) => {
    const reader = await open(fakeOrg(), options);
    await reader.page.getByText("Most failures").waitFor();
    await reader.page.getByText("gw-fra-1").waitFor();
    await reader.page.getByText("to be signed within a minute").waitFor();
    await reader.page.getByText("of the cap").waitFor();
    return reader;
  });
  const gone: FakeAnswers = {
    ...fakeOrg(),
    "/activity": problem(503, "unavailable", "Cannot answer now"),
    "/activity/top": () => "hang",
    "/instances": { body: { instances: [], next_cursor: null } },
    "/audit/status": problem(403, "missing_scope", "A scope is missing"),
  };
  const reader = await open(gone);
  await reader.page.getByText("Cannot answer now").waitFor();
  await reader.page.getByText("No gateway has reported yet").waitFor();
  await reader.page.getByText("may not read the audit log").waitFor();
  checks.report("overview: what fails, is empty, is forbidden or is awaited says so", []);
  await reader.picture("overview-states");
  await reader.close();
}
