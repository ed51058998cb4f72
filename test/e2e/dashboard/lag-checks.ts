/** The page of the lag: a wait told apart from a clock, and what is missing from what is nothing. */
import type { Browser, BrowserContextOptions } from "playwright-core";
import type { Checks } from "../checks.ts";
import { checkForAll, Reader } from "./browser.ts";
import { answerWith, type FakeAnswers, problem } from "./fake-api.ts";
import { fakeOrg } from "./fake-org.ts";

export async function checkLag(checks: Checks, browser: Browser, url: string): Promise<void> {
  const open = async (answers: FakeAnswers, path: string, options: BrowserContextOptions = {}) => {
    const prepare = (page: Reader["page"]) => answerWith(page, answers);
    const reader = await Reader.open(browser, url, { ...options, prepare });
    await reader.open(path, "Lag");
    return reader;
  };
  await checkForAll(checks, "lag", async (options) => {
    const reader = await open(fakeOrg(), "/orgs/acme/lag", options);
    await reader.page.getByText("its clock is ahead").waitFor();
    await reader.page.getByText("reports 41 to 42").waitFor();
    return reader;
  });
  const reader = await open(fakeOrg(), "/orgs/acme/lag?zone=utc");
  const looks = await reader.page.locator('td[data-title="Looks like"]').allInnerTexts();
  checks.equal(
    "lag: a wait, an old wait, a clock ahead and silence each look like themselves",
    looks,
    ["was held up", "held up", "in time", "in time", "its clock is ahead", "no calls"],
  );
  await reader.page.getByRole("link", { name: "gw-fra-1" }).first().click();
  await reader.page.getByRole("table", { name: /steps, newest first/ }).waitFor();
  const calls = await reader.page.locator('td[data-title="Calls"]').allInnerTexts();
  checks.report(
    "lag: no calls, no report and a count are told apart in the table, too",
    ["no report", "44"]
      .filter((text) => !calls.includes(text))
      .map((text) => `no row says ${text}`),
  );
  await reader.picture("lag-instance");
  await reader.page.goBack();
  await reader.page.getByText("its clock is ahead").waitFor();
  checks.equal(
    "lag: Back leaves the instance and keeps the zone",
    new URL(reader.page.url()).search,
    "?zone=utc",
  );
  await reader.close();

  let isDown = false;
  const answers: FakeAnswers = {
    ...fakeOrg(),
    "/lag": (query, route) => {
      if (isDown) return problem(503, "unavailable", "Cannot answer now");
      const fake = fakeOrg()["/lag"];
      return typeof fake === "function" ? fake(query, route) : fake!;
    },
  };
  const stale = await open(answers, "/orgs/acme/lag");
  await stale.page.getByText("its clock is ahead").waitFor();
  isDown = true;
  await stale.page.keyboard.press("r");
  await stale.page.getByText("Cannot answer now. What is shown is from").waitFor();
  checks.equal(
    "lag: after a failure what was known stays, with its age",
    await stale.page.getByText("its clock is ahead").count(),
    1,
  );
  await stale.picture("lag-stale");
  isDown = false;
  await stale.page.getByRole("button", { name: "Retry" }).click();
  await stale.page.getByText("Cannot answer now").waitFor({ state: "detached" });
  checks.report("lag: Retry asks anew, and the notice goes", stale.faults);
  await stale.close();
}
