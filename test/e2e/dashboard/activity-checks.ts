/** Tool activity, end to end: from whatever figure to its calls, and back; by pointer, by keyboard, by address. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { HOSTILE_TOOLS, makeCalls, sendCalls } from "./activity-calls.ts";
import { chartFigures, checkFigures, comparedFigures, errorFigures } from "./activity-drills.ts";
import { checkForAll, type Reader } from "./browser.ts";
import { openSignedIn, readerToken } from "./signed-in.ts";

const ORG = "activity";
const CALLS = 1200;
const PATH = `/orgs/${ORG}/activity`;

export async function checkActivity(
  checks: Checks,
  browser: Browser,
  runtime: Runtime,
): Promise<void> {
  await runtime.json("POST", "/v1/orgs", { org: ORG, tier: "enterprise" });
  const nowMs = Date.now();
  await sendCalls(runtime, ORG, makeCalls(nowMs, CALLS));
  const token = await readerToken(runtime, ORG);
  const minute = (ms: number) => new Date(Math.floor(ms / 60_000) * 60_000).toISOString();
  const range = `from=${minute(nowMs - 50 * 60_000)}&to=${minute(nowMs)}`;
  const reader = await openSignedIn(browser, runtime, token);
  for (const check of [
    checkDrills,
    checkGroups,
    checkWays,
    checkBrushes,
    checkKeyboard,
    checkExports,
    checkHostile,
  ]) {
    await check(checks, reader, range).catch((error: Error) =>
      checks.report(`${check.name} runs to its end`, [String(error.stack)]),
    );
  }
  checks.report("tool activity violates no policy and throws nothing", reader.faults);
  await reader.close();
  for (const view of ["charts", "calls", "errors", "compare&sel_outcome=server_error"]) {
    const name = view.split("&", 1)[0];
    await checkForAll(checks, `activity-${name}`, async (options) => {
      const seen = await openSignedIn(browser, runtime, token, options);
      await openView(seen, `${range}&view=${view}`);
      return seen;
    });
  }
}

async function openView(reader: Reader, query: string): Promise<void> {
  await reader.open(`${PATH}?${query}`, "Tool activity");
  await settled(reader.page);
}

/** Nothing on the page is still being asked for. */
async function settled(page: Page): Promise<void> {
  await page.locator("#view h2").first().waitFor();
  const asking = page.locator(".state-loading, #view [aria-busy=true]");
  while ((await asking.count()) > 0)
    await asking
      .first()
      .waitFor({ state: "hidden" })
      .catch(() => undefined);
}

async function checkDrills(checks: Checks, reader: Reader, range: string): Promise<void> {
  const { page } = reader;
  await openView(reader, range);
  const figures = await chartFigures(page);
  const kinds = ["bar", "column", "ratio point", "percentile point", "legend", "top calls"];
  await checkFigures(checks, page, ORG, figures, [...kinds, "top errors", "heat cell"]);
  const bars = figures.filter(({ kind }) => kind === "bar");
  const counted = bars.reduce((sum, { count }) => sum + count, 0);
  checks.equal("the bars together are all calls that were sent", counted, CALLS);
}

async function checkGroups(checks: Checks, reader: Reader, range: string): Promise<void> {
  const { page } = reader;
  await openView(reader, `${range}&view=errors`);
  await checkFigures(checks, page, ORG, await errorFigures(page), ["error group"]);
  await openView(reader, `${range}&view=compare&sel_outcome=server_error,idempotent_replay`);
  const kinds = ["selection", "compared value"];
  await checkFigures(checks, page, ORG, await comparedFigures(page), kinds);
}

/** One click from a bar to a list whose heading is the bar's count; then Back, reload, and the link elsewhere. */
async function checkWays(checks: Checks, reader: Reader, range: string): Promise<void> {
  const { page } = reader;
  await openView(reader, range);
  const bar = page.locator('[aria-label="Calls by outcome over time"] a[data-level="1"]').nth(8);
  const label = (await bar.getAttribute("aria-label")) ?? "";
  const count = /: ([\d,]+) /.exec(label)?.[1];
  const before = page.url();
  await bar.click();
  const heading = page.getByRole("heading", { level: 2, name: /calls?$/ });
  await heading.waitFor();
  const words = count === "1" ? "1 call" : `${count} calls`;
  checks.equal("a click on a bar shows its calls", await heading.textContent(), words);
  checks.equal(
    "as many rows as the bar counts",
    await page.locator("tbody tr").count(),
    Number(count),
  );
  const shared = page.url();
  await page.reload();
  await heading.waitFor();
  checks.equal("a reload shows the same calls", await heading.textContent(), words);
  await page.goBack();
  await page.getByRole("heading", { level: 2, name: "Calls by outcome" }).waitFor();
  checks.equal("Back shows the question before", page.url(), before);
  const other = await page.context().newPage();
  await other.goto(shared);
  const there = other.getByRole("heading", { level: 2, name: /calls?$/ });
  await there.waitFor();
  checks.equal("a shared link shows the same calls", await there.textContent(), words);
  await other.close();
}

async function checkBrushes(checks: Checks, reader: Reader, range: string): Promise<void> {
  const { page } = reader;
  await openView(reader, range);
  const before = page.url();
  const grid = page.getByRole("grid");
  await grid.scrollIntoViewIfNeeded();
  const box = (await grid.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.6, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/min_duration_ms=/);
  const names = ["from", "to", "min_duration_ms", "max_duration_ms"];
  const query = new URL(page.url()).searchParams;
  const told = names.filter((name) => query.has(name));
  checks.equal("a rectangle on the heat map is times and durations at once", told, names);
  await settled(page);
  await page.goBack();
  checks.equal("which one step Back undoes", page.url(), before);
  await settled(page);
  await page.getByRole("button", { name: "Select times" }).first().click();
  const columns = page.locator('[aria-label="Calls by outcome over time"] [data-level="0"]');
  // Above the bars: a bar's own link lies over its column's.
  const position = { x: 4, y: 2 };
  await columns.nth(5).click({ position });
  await columns.nth(9).click({ position });
  await page.waitForURL((url) => url.href !== before);
  const chosen = new URL(page.url()).searchParams;
  const minutes = (Date.parse(chosen.get("to")!) - Date.parse(chosen.get("from")!)) / 60_000;
  checks.equal("without drawing, a click each for start and end selects the same", minutes, 5);
}

async function checkKeyboard(checks: Checks, reader: Reader, range: string): Promise<void> {
  const { page } = reader;
  await openView(reader, range);
  const focused = () =>
    page.evaluate<string>(`document.activeElement.getAttribute("aria-label") ?? ""`);
  const isOn = (name: string) =>
    page.evaluate<boolean>(`document.activeElement.closest('[aria-label^="${name}"]') !== null`);
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 80 && !(await isOn(name)); presses++)
      await page.keyboard.press("Tab");
  };
  await tabTo("Calls by outcome over time");
  for (const key of ["Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowUp"]) {
    await page.keyboard.press(key);
  }
  const bar = await focused();
  checks.report(
    "arrows lead from bar to bar",
    /: (no calls|[\d,]+ \w)/.test(bar) ? [] : [bar],
    bar,
  );
  await page.keyboard.press("Tab");
  const hasLeft = !(await isOn("Calls by outcome over time"));
  checks.equal("a chart is one stop of Tab", hasLeft, true);
  await tabTo("Latency by time");
  const cell = await focused();
  const count = /([\d,]+) calls?$/.exec(cell)?.[1];
  await page.keyboard.press("Enter");
  const heading = page.getByRole("heading", { level: 2, name: /calls?$/ });
  await heading.waitFor();
  const words = await heading.textContent();
  checks.equal("Enter on a cell shows its calls", words?.split(" ")[0], count);
  const active = await page.evaluate<string>("document.activeElement.tagName");
  checks.equal("and the focus is on their heading", active, "H2");
}

async function checkExports(checks: Checks, reader: Reader, range: string): Promise<void> {
  const { page } = reader;
  await openView(reader, `${range}&view=calls`);
  await checkWrittenFile(checks, page);
  // As where no page may write to the disk.
  await page.evaluate("window.showSaveFilePicker = undefined");
  const fileOf = async (name: string) => {
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name, exact: true }).click();
    return readFileSync(await (await saved).path(), "utf8");
  };
  const lines = (await fileOf("NDJSON")).trimEnd().split("\n");
  const ids = new Set(lines.map((line) => (JSON.parse(line) as { id: string }).id));
  checks.equal("NDJSON has every call that the filters mean, once", ids.size, CALLS);
  await page
    .getByText(/1,200 calls saved as NDJSON/)
    .first()
    .waitFor();
  const rows = (await fileOf("CSV")).trimEnd().split("\r\n");
  checks.equal("and so has CSV, below its header", rows.length, CALLS + 1);
  const formulas = rows.flatMap((row) => row.split(",")).filter((field) => /^"?[=@]/.test(field));
  checks.report("no field of the CSV begins a formula", formulas);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy as curl" }).click();
  const copied = await page.evaluate<string>("navigator.clipboard.readText()");
  const isCurl = /^curl -sS -H "Authorization: Bearer \$MCPG_TOKEN" 'http:[^']+limit=100'$/;
  checks.report("the request is copied without a token in it", isCurl.test(copied) ? [] : [copied]);
}

/** A file of the browser's own in place of one that a person picks: it is written to in the same way. */
const PICK = `window.showSaveFilePicker = async ({ suggestedName }) => {
  const folder = await navigator.storage.getDirectory();
  return folder.getFileHandle(suggestedName, { create: true });
}`;
const WRITTEN = `(async () => {
  const folder = await navigator.storage.getDirectory();
  const files = [];
  for await (const handle of folder.values()) files.push(await (await handle.getFile()).text());
  return files;
})()`;

async function checkWrittenFile(checks: Checks, page: Page): Promise<void> {
  const save = () => page.getByRole("button", { name: "NDJSON", exact: true }).click();
  await page.evaluate(
    "window.showSaveFilePicker = async () => { throw new DOMException('', 'AbortError'); }",
  );
  await save();
  await page.getByRole("button", { name: "NDJSON", exact: true }).waitFor();
  checks.equal("who picks no file is told nothing", await page.locator(".export-told").count(), 0);
  await page.evaluate(PICK);
  const second = /\/invocations\?.*cursor=/;
  await page.route(second, (route) => route.fulfill({ status: 400, body: "{}" }));
  await save();
  await page
    .getByText(/No file was saved/)
    .first()
    .waitFor();
  checks.equal(
    "of an export that fails half-way no file is left",
    await page.evaluate(WRITTEN),
    [],
  );
  await page.unroute(second);
  await save();
  await page
    .getByText(/1,200 calls saved as NDJSON/)
    .first()
    .waitFor();
  const [file = ""] = await page.evaluate<string[]>(WRITTEN);
  const ids = new Set(
    file
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: string }).id),
  );
  checks.equal("a file that is written as it is read has every call, once", ids.size, CALLS);
}

async function checkHostile(checks: Checks, reader: Reader, range: string): Promise<void> {
  const { page } = reader;
  const problems: string[] = [];
  page.on("dialog", (dialog) => {
    problems.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  for (const tool of HOSTILE_TOOLS) {
    await openView(reader, `${range}&view=calls&tool=${encodeURIComponent(tool)}`);
    const rows = await page.locator("tbody tr").count();
    if (rows === 0) problems.push(`no call of ${tool}`);
    const titles = await page
      .locator('tbody td[data-title="Tool"] bdi')
      .evaluateAll((elements) => elements.map((element) => element.getAttribute("title")));
    if (titles.some((title) => title !== tool)) problems.push(`${tool} is shown as ${titles[0]}`);
  }
  checks.report("hostile names are text, and filter by what they are", problems);
}
