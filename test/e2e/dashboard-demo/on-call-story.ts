/** The pager rings: from the alert's link to the ledger's entries about the calls that failed. */
import type { Checks } from "../checks.ts";
import type { Reader } from "../dashboard/browser.ts";
import { viewLink } from "./live-pages.ts";
import { Story } from "./story.ts";

const CLICKS_MAX = 4;
const SECONDS_MAX = 30;
const FAILED = ["client error", "server error"];

export async function checkOnCall(checks: Checks, reader: Reader, link: string): Promise<void> {
  const { page } = reader;
  const story = new Story(page);
  await story.follow(link);
  await page.getByRole("heading", { level: 1, name: "Tool activity" }).waitFor();
  await page.locator("figure .legend a").first().waitFor();
  await story.click(viewLink(page, "Calls"), "Calls");
  const rows = page.locator("#view tbody tr");
  await rows.first().waitFor();
  const outcomes = await page.locator('#view td[data-title="Outcome"]').allTextContents();
  const tools = await page.locator('#view td[data-title="Tool"]').allTextContents();
  checks.report(
    "on call: the alert's link shows the tool's failed calls, and no other",
    [
      ...outcomes.filter((text) => !FAILED.some((word) => text.includes(word))),
      ...tools.filter((text) => text !== "close_ticket"),
    ],
    `${outcomes.length} calls`,
  );
  await story.click(rows.first().getByRole("link").first(), "a call");
  const entries = page.locator(".entry-card");
  await entries.nth(1).waitFor();
  const heads = await entries.locator(".entry-head").allTextContents();
  const expected = [/tool\.call\.allowed.*allowed/, /tool\.call\.completed.*error/];
  checks.report(
    "on call: the call has its decision, and a completion that says how it ended",
    expected.flatMap((pattern, at) => (pattern.test(heads[at] ?? "") ? [] : [heads[at] ?? "none"])),
  );
  await story.click(entries.nth(1).getByRole("link").first(), "its entry");
  await page.getByRole("heading", { level: 1, name: /^Entry \d+/ }).waitFor();
  await page.getByText("What it says").waitFor();
  const limits = { clicks: CLICKS_MAX, seconds: SECONDS_MAX };
  story.end(checks, "on call: from the alert's link to a failing call's entries", limits);
}
