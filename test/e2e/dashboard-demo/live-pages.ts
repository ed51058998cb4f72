/** Every page while the demo's clients call: what is on it is theirs, and grows. */
import type { Locator, Page } from "playwright-core";
import type { Checks } from "../checks.ts";
import type { Reader } from "../dashboard/browser.ts";
import { waitUntil } from "../wait-until.ts";
import { ORG } from "./demo-run.ts";

/** The page looks each ten seconds whether there is something new. */
const GROWN_MS_MAX = 30_000;
const PLUGINS = ["everything", "github", "tickets"];

/** As README says: the administrator's token, then the org. */
export async function signIn(reader: Reader, token: string): Promise<void> {
  const { page } = reader;
  await reader.open("/", "Sign in");
  await page.getByLabel("Service token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Orgs" }).waitFor();
  await page.getByRole("link", { name: ORG, exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
}

export async function checkLive(checks: Checks, reader: Reader): Promise<void> {
  await checkOverview(checks, reader.page);
  await checkActivity(checks, reader.page);
  await checkLag(checks, reader.page);
  await checkAudit(checks, reader.page);
}

async function checkOverview(checks: Checks, page: Page): Promise<void> {
  const before = await grown(page, "Calls", 0);
  const after = await grown(page, "Calls", before);
  checks.report("overview: its calls are live, and grow", [], `${before}, then ${after}`);
  const figures: Record<string, number> = {};
  for (const name of ["Error ratio", "p50", "p95", "p99", "Instances online", "Series"]) {
    figures[name] = await grown(page, name, 0);
  }
  const told = JSON.stringify(figures);
  checks.report("overview: so are ratio, percentiles, instances and series", [], told);
  // A tool's first failure comes within a minute of the demo's traffic, and is shown with the next poll.
  const areNamed = async () => (await unnamed(page)).length === 0;
  await waitUntil(areNamed, { msMax: 90_000, what: "failing tools" }).catch(() => undefined);
  checks.report("overview: tools that fail are named", await unnamed(page));
}

/** Tools that the demo has fail, and that no table names. */
async function unnamed(page: Page): Promise<string[]> {
  const tables = await page.locator("main tbody").allTextContents();
  return ["close_ticket", "delete_repo"].filter((tool) => !tables.join().includes(tool));
}

async function checkActivity(checks: Checks, page: Page): Promise<void> {
  await page.getByRole("link", { name: "Tool activity", exact: true }).click();
  const bars = page.locator('[aria-label="Calls by outcome over time"] a');
  await bars.first().waitFor({ state: "attached" });
  const legend = await page.locator("figure .legend a").allTextContents();
  const kinds = ["ok", "client error", "server error", "policy denied"];
  checks.report(
    "tool activity: the four ends that the demo's calls have are in its legend",
    kinds.filter((kind) => !legend.some((text) => text.startsWith(kind) && /[1-9]/.test(text))),
    legend.join(", "),
  );
  await viewLink(page, "Calls").click();
  await page.locator("#view tbody tr").first().waitFor();
  const plugins = await page.locator('#view td[data-title="Plugin"]').allTextContents();
  checks.equal(
    "tool activity: its calls are of all plugins",
    [...new Set(plugins)].sort(),
    PLUGINS,
  );
  const more = page.getByRole("button", { name: /new calls?$/ });
  await more.waitFor({ timeout: GROWN_MS_MAX });
  checks.report(
    "tool activity: new calls are told, and rows do not move",
    [],
    (await more.textContent()) ?? "",
  );
  await viewLink(page, "Errors").click();
  await page.locator("#view tbody tr").first().waitFor();
  checks.report("tool activity: errors are in groups", []);
}

export function viewLink(page: Page, name: string): Locator {
  const views = page.getByRole("navigation", { name: "Views of tool activity" });
  return views.getByRole("link", { name, exact: true });
}

async function checkLag(checks: Checks, page: Page): Promise<void> {
  await page.getByRole("link", { name: "Lag", exact: true }).click();
  await page.locator(".lag-strip").first().waitFor();
  const looks = await page.locator('td[data-title="Looks like"]').allTextContents();
  checks.equal(
    "lag: no report of the gateway waits, and no clock is in doubt",
    [...new Set(looks)],
    ["in time"],
  );
  await page.getByText("Nothing is missing").waitFor();
  checks.report("lag: nothing is missing", []);
}

async function checkAudit(checks: Checks, page: Page): Promise<void> {
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await page.locator('section[aria-label="Entries"] tbody tr').first().waitFor();
  const before = await figure(page, "Newest entry");
  const after = await grown(page, "Newest entry", before);
  checks.report("audit: the log grows", [], `entry ${before}, then ${after}`);
  const names = ["Signed head", "Not signed yet"].map((name) => tile(page, name).textContent());
  checks.report("audit: its head is told", [], (await Promise.all(names)).join("; "));
}

async function grown(page: Page, name: string, above: number): Promise<number> {
  let seen = above;
  const isMore = async () => {
    seen = await figure(page, name);
    return seen > above;
  };
  await waitUntil(isMore, { msMax: GROWN_MS_MAX, what: `${name} above ${above}` });
  return seen;
}

function tile(page: Page, label: string) {
  return page.locator(".figure").filter({ has: page.getByText(label, { exact: true }) });
}

/** Its digits; NaN of none. */
async function figure(page: Page, label: string): Promise<number> {
  const text = await tile(page, label).locator(".figure-value").first().textContent();
  return Number.parseFloat((text ?? "").replaceAll(",", ""));
}
