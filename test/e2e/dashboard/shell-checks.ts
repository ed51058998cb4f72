/** What stands around every page: keys, the range, the zone, what is live, and the choice of an org. */
import type { Browser } from "playwright-core";
import type { Checks } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { checkForAll, Reader } from "./browser.ts";
import { answerWith, type FakeAnswers, session } from "./fake-api.ts";
import { fakeOrg, HOSTILE_TOOL } from "./fake-org.ts";

export async function checkShell(checks: Checks, browser: Browser, url: string): Promise<void> {
  const open = (answers: FakeAnswers, options = {}) =>
    Reader.open(browser, url, { ...options, prepare: (page) => answerWith(page, answers) });
  const own = session().body as object;
  const administrator: FakeAnswers = {
    ...fakeOrg(),
    "/v1/session": { body: { ...own, org: null } },
  };
  await checkForAll(checks, "orgs", async (options) => {
    const reader = await open(administrator, options);
    await reader.open("/", "Orgs");
    await reader.page.getByRole("link", { name: "acme" }).waitFor();
    return reader;
  });
  await checkOrgs(checks, (more) => open({ ...administrator, ...more }));
  await checkAuditorOnly(checks, await open({ ...fakeOrg(), "/v1/session": auditorOnly(own) }));

  let asked: string[] = [];
  let folds = 7;
  const answers: FakeAnswers = {
    ...fakeOrg(),
    "/activity": (query, route) => {
      asked.push(query.toString());
      const fake = fakeOrg()["/activity"];
      return typeof fake === "function" ? fake(query, route) : fake!;
    },
    "/changes": () => ({
      body: { folds, newest_arrival: null },
      headers: { etag: `W/"${folds}"` },
    }),
  };
  const reader = await open(answers);
  const { page } = reader;
  await reader.open("/orgs/acme/overview", "Overview");
  await page.getByText("Most failures").waitFor();
  const search = () => new URL(page.url()).search;

  await page.keyboard.press("z");
  checks.equal("shell: z shows UTC, and the address says so", search(), "?zone=utc");
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await page.getByRole("heading", { level: 1, name: "Lag" }).waitFor();
  checks.equal("shell: g l opens the lag with the zone kept", search(), "?zone=utc");
  checks.equal(
    "shell: on navigation the heading has the focus",
    await page.evaluate("document.activeElement.textContent"),
    "Lag",
  );
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await page.getByRole("link", { name: "Last 6h" }).click();
  checks.equal("shell: a relative range stays relative", search(), "?zone=utc&last=6h");
  const last = new URLSearchParams(asked.at(-1));
  const hours = (Date.parse(last.get("to")!) - Date.parse(last.get("from")!)) / 3_600_000;
  checks.equal("shell: what is asked for is that range", hours, 6);

  await page.getByRole("button", { name: "From … to" }).click();
  await page.getByLabel("From (UTC)").fill("2026-11-28 10:00");
  await page.getByLabel("To (UTC)").fill("2026-11-28 09:00");
  await page.keyboard.press("Enter");
  await page.getByText("The start has to come before the end").waitFor();
  await reader.picture("fixed-range");
  await page.getByLabel("To (UTC)").fill("2026-11-28 10:30");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Fixed range" }).waitFor();
  checks.equal(
    "shell: a fixed range is in the address, by the minute that was typed",
    search(),
    "?zone=utc&from=2026-11-28T10:00:00.000Z&to=2026-11-28T10:30:00.000Z",
  );
  checks.equal(
    "shell: what has ended is not live",
    await page.getByText(/^Live, as of/).count(),
    0,
  );
  const before = page.url();
  await page.reload();
  await page.getByRole("button", { name: "Fixed range" }).waitFor();
  checks.equal("shell: a reload shows the same", page.url(), before);
  await page.goBack();
  await page.getByRole("link", { name: "Last 6h" }).and(page.locator("[aria-current]")).waitFor();

  asked = [];
  folds += 1;
  await page.getByText(/^Live, as of/).waitFor();
  await waitUntil(async () => asked.length > 0, { msMax: 30_000, what: "the next poll" });
  checks.report("shell: new calls are shown without being asked for", []);
  await page.keyboard.press("p");
  await page.getByText("Paused, as of").waitFor();
  checks.report("shell: what is paused says so", []);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await reader.picture("keys");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByLabel("Single-key shortcuts").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("z");
  checks.equal("shell: keys that are turned off do nothing", search().includes("zone=utc"), true);

  await checkOtherOrg(checks, reader);
  await reader.open("/orgs/acme/overview", "Overview");
  const link = page.getByRole("link", { name: /img src=x/ }).first();
  checks.equal("shell: a hostile name is text", await page.locator("main img").count(), 0);
  const href = new URL((await link.getAttribute("href")) ?? "", url);
  checks.equal(
    "shell: and is whole in the filter it leads to",
    href.searchParams.get("tool"),
    HOSTILE_TOOL,
  );
  checks.report("shell: no policy is violated", reader.faults);
  await reader.close();
}

/** A session is of one org: another's page says so, in place of a failure in each of its parts. */
async function checkOtherOrg(checks: Checks, reader: Reader): Promise<void> {
  const { page } = reader;
  await reader.open("/orgs/globex/audit?order=asc", "Another org's page");
  checks.equal(
    "shell: another org's page is no failure",
    await page.getByRole("alert").filter({ hasText: /\S/ }).count(),
    0,
  );
  await page.getByRole("button", { name: "Sign in with another token" }).click();
  await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  checks.equal(
    "shell: and leads back to it, once one has signed in",
    new URL(page.url()).searchParams.get("return"),
    "/orgs/globex/audit?order=asc",
  );
}

/** More orgs than one answer has: each is reachable, and the count says what it is of. */
async function checkOrgs(
  checks: Checks,
  open: (more: FakeAnswers) => Promise<Reader>,
): Promise<void> {
  const pages: Record<string, { orgs: object[]; next_cursor: string | null }> = {
    first: { orgs: [{ org: "acme", tier: "team" }], next_cursor: "second" },
    second: { orgs: [{ org: "zebra", tier: "free" }], next_cursor: null },
  };
  const reader = await open({
    "/v1/orgs": (query) => ({ body: pages[query.get("cursor") ?? "first"] }),
  });
  const { page } = reader;
  await reader.open("/", "Orgs");
  await page.getByText("The first 1 orgs").waitFor();
  await page.getByRole("button", { name: "Show more" }).click();
  await page.getByText("2 orgs", { exact: true }).waitFor();
  const names = await page.locator("tbody a").allTextContents();
  checks.equal("orgs: the next page comes below the first", names, ["acme", "zebra"]);
  checks.equal("orgs: at the end nothing is offered", await page.locator("main button").count(), 0);
  await reader.close();
}

function auditorOnly(own: object): FakeAnswers[string] {
  return { body: { ...own, scopes: ["audit:read"] } };
}

async function checkAuditorOnly(checks: Checks, reader: Reader): Promise<void> {
  const asked: string[] = [];
  reader.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await reader.open("/", "Audit log");
  const pages = reader.page.getByRole("navigation", { name: "Pages" }).getByRole("link");
  checks.equal(
    "shell: who may read the log alone arrives there, and is led nowhere else",
    [
      await pages.allTextContents(),
      asked.filter((path) => /\/(changes|activity\S*|instances)$/.test(path)),
    ],
    [["Audit"], []],
  );
  await reader.close();
}
