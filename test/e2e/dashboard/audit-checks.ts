/** Audit, end to end: search, an entry's proof in the page that a doctored byte turns red, and a pack that verifies. */
import type { Browser, Page, Route } from "playwright-core";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { runProgram } from "../run-program.ts";
import { checkForAll, type Reader } from "./browser.ts";
import {
  EVIDENCE_ORG,
  type EvidenceCall,
  growLog,
  HOSTILE_ACTOR,
  signHead,
} from "./evidence-org.ts";
import { openSignedIn, openWithoutAudit, readerToken } from "./signed-in.ts";

const LIST = `/orgs/${EVIDENCE_ORG}/audit`;
const API = `/v1/orgs/${EVIDENCE_ORG}/audit`;

export async function checkAudit(
  checks: Checks,
  browser: Browser,
  runtime: Runtime,
  calls: readonly EvidenceCall[],
): Promise<void> {
  const token = await readerToken(runtime, EVIDENCE_ORG);
  await signHead(runtime);
  const open = () => openSignedIn(browser, runtime, token);
  const denied = calls.find(({ tool }) => tool === "delete_repo")!;
  await checkProven(checks, await open(), denied.seq);
  await checkDoctored(checks, open, denied.seq);
  await checkRewound(checks, await open(), runtime, denied.seq);
  await checkSearch(checks, await open(), runtime);
  await checkKeyboard(checks, await open());
  await checkPack(checks, await open());
  await checkNotPermitted(checks, browser, runtime);
  await checkForAll(checks, "audit", async (options) => {
    const reader = await openSignedIn(browser, runtime, token, options);
    await reader.open(`${LIST}?actor=${encodeURIComponent(HOSTILE_ACTOR)}`, "Audit log");
    await reader.page.getByRole("table").waitFor();
    return reader;
  });
  await checkForAll(checks, "entry", async (options) => {
    const reader = await openSignedIn(browser, runtime, token, options);
    await openEntry(reader, denied.seq, "good");
    return reader;
  });
}

/** Waits until the proof is told. */
export async function openEntry(
  reader: Reader,
  seq: number,
  tone: "good" | "bad" | "open",
): Promise<void> {
  await reader.open(`${LIST}/log/${seq}`, `Entry ${seq}`);
  await reader.page.locator(`.proof[data-proof="${tone}"]`).waitFor();
}

async function statesOf(page: Page): Promise<Record<string, string>> {
  const lines = await page.locator("[data-check]").all();
  const pairs = lines.map(async (line) => [
    await line.getAttribute("data-check"),
    await line.getAttribute("data-state"),
  ]);
  return Object.fromEntries(await Promise.all(pairs)) as Record<string, string>;
}

async function checkProven(checks: Checks, reader: Reader, seq: number): Promise<void> {
  const { page } = reader;
  await openEntry(reader, seq, "good");
  const passed = { bytes: "passed", inclusion: "passed", chain: "passed", signature: "passed" };
  const first = await statesOf(page);
  checks.equal("an entry is proven in the page, its key and history untested at first", first, {
    ...passed,
    ...{ history: "untested", key: "untested" },
  });
  await page.reload();
  await page.locator('[data-check="history"][data-state="passed"]').waitFor();
  checks.equal("and held to what the browser kept from then on", await statesOf(page), {
    ...passed,
    ...{ history: "passed", key: "passed" },
  });
  checks.report("a proof violates no policy and throws nothing", reader.faults);
  await reader.close();
}

/** A proxy before the server that changes one byte of the entry's body. */
async function doctor(page: Page, seq: number, change: (text: string) => string): Promise<void> {
  await page.route(`**${API}/${seq}?log=1`, async (route: Route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: change(await answer.text()) });
  });
}

/** Whatever it was: one hash in sixteen begins with any. */
function otherDigit(found: string): string {
  return found.slice(0, -1) + (found.endsWith("0") ? "1" : "0");
}

async function checkDoctored(
  checks: Checks,
  open: () => Promise<Reader>,
  seq: number,
): Promise<void> {
  const kinds: [string, (text: string) => string, string[]][] = [
    [
      "one byte of its body",
      (text) => text.replace("no-deletes", "no-delates"),
      ["bytes", "inclusion"],
    ],
    ["its outcome", (text) => text.replace('"outcome":"', '"outcome":"d'), ["bytes", "inclusion"]],
    ["one byte of white space", (text) => text.replace('","org"', '", "org"'), ["bytes"]],
    ["its hash alone", (text) => text.replace(/"hash":"[0-9a-f]/, otherDigit), ["bytes"]],
  ];
  for (const [what, change, expected] of kinds) {
    const reader = await open();
    await doctor(reader.page, seq, change);
    await openEntry(reader, seq, "bad");
    const states = await statesOf(reader.page);
    const failed = expected.filter((name) => states[name] === "failed");
    checks.equal(`a proxy that doctors ${what} turns the proof red`, failed, expected);
    if (what.startsWith("one byte of its")) await reader.picture("entry-doctored");
    await reader.close();
  }
}

/** The head of before is served again: each signature of it is good. */
async function checkRewound(
  checks: Checks,
  reader: Reader,
  runtime: Runtime,
  seq: number,
): Promise<void> {
  const { page } = reader;
  const old = await runtime.text("GET", `${API}/${seq}/proof?log=1`);
  await growLog(runtime, 5);
  await signHead(runtime);
  await openEntry(reader, seq, "good");
  await page.route(`**${API}/*/proof?log=1`, (route) => route.fulfill({ body: old }));
  await page.reload();
  await page.locator('.proof[data-proof="bad"]').waitFor();
  const { history } = await statesOf(page);
  checks.equal("a log that is rewound below what this browser kept turns red", history, "failed");
  await page.unroute(`**${API}/*/proof?log=1`);
  await page.reload();
  await page.locator('.proof[data-proof="good"]').waitFor();
  checks.report("and what was kept outlives that, until the log extends it again", []);
  await reader.close();
}

async function checkSearch(checks: Checks, reader: Reader, runtime: Runtime): Promise<void> {
  const { page } = reader;
  const filters: Record<string, string>[] = [
    { action: "tool.call.denied" },
    { action_prefix: "tool." },
    { actor: HOSTILE_ACTOR },
    { outcome: "denied" },
    { target: "tool://github/delete_repo" },
    { workspace: "prod" },
    { instance: "gw-1" },
    { request_id: "req-3" },
    { from_seq: "10" },
    { action_prefix: "tool.", outcome: "denied", order: "asc" },
  ];
  const problems: string[] = [];
  for (const filter of filters) {
    const query = new URLSearchParams(filter);
    const { events } = await runtime.json<{ events: { seq: number }[] }>("GET", `${API}?${query}`);
    await reader.open(`${LIST}?${query}`, "Audit log");
    await page.getByRole("table").waitFor();
    const shown = await page.locator("tbody tr td:first-child").allTextContents();
    const expected = events.map(({ seq }) => String(seq)).slice(0, 100);
    if (shown.join() !== expected.join()) {
      problems.push(`${query}: shows ${shown.join()}, expected ${expected.join()}`);
    }
  }
  checks.report("every filter of the list is one of the page, with the same entries", problems);
  const injected = await page.locator("main img, main script, main b").count();
  checks.equal("a hostile name is text", injected, 0);
  checks.report("a search violates no policy and throws nothing", reader.faults);
  await reader.close();
}

/** "Was that denied, and who decided?" without a pointer; then Back. */
async function checkKeyboard(checks: Checks, reader: Reader): Promise<void> {
  const { page } = reader;
  await reader.open(LIST, "Audit log");
  await page.getByRole("table").waitFor();
  await tabTo(page, "Outcome");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.type("den");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL("**outcome=denied*");
  await page.locator("tbody tr", { hasNotText: "denied" }).first().waitFor({ state: "detached" });
  const found = page.url();
  const entry = await page.locator("tbody a").first().textContent();
  await tabTo(page, entry ?? "");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: `Entry ${entry}` }).waitFor();
  await page.locator('.proof[data-proof="good"]').waitFor();
  checks.equal(
    "by keyboard alone: a filter, its entry, its proof",
    await page.evaluate<string>("document.activeElement.tagName"),
    "H1",
  );
  await page.goBack();
  await page.getByRole("table").waitFor();
  checks.equal("Back leads to the list as it was", page.url(), found);
  await reader.close();
}

const TABS_MAX = 120;

/** Presses Tab until what has the focus is named so. */
export async function tabTo(page: Page, name: string): Promise<void> {
  const named = `(() => {
    const element = document.activeElement;
    const label = element?.labels?.[0]?.textContent ?? element?.getAttribute("aria-label");
    return (label ?? element?.textContent ?? "").trim();
  })()`;
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    if ((await page.evaluate<string>(named)) === name) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`no Tab leads to ${name}`);
}

/** The pack of a time, and the very line that is shown under it. */
async function checkPack(checks: Checks, reader: Reader): Promise<void> {
  const { page } = reader;
  const from = new Date(Date.now() - 3_600_000).toISOString();
  await reader.open(`${LIST}?from=${encodeURIComponent(from)}`, "Audit log");
  await page.getByText(/^Evidence pack of/).click();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download the pack" }).click();
  const download = await downloading;
  const name = download.suggestedFilename();
  await page.locator(".pack").getByText(name).first().waitFor();
  const line = (await page.locator(".pack code").textContent()) ?? "";
  const file = await download.path();
  const words = line.split(" -- ")[1]?.replace(name, file).split(" ") ?? [];
  checks.report("the line names the file that was saved", line.includes(name) ? [] : [line]);
  // Throws unless the verifier ends with 0.
  const output = await runProgram(process.execPath, ["src/cli/verify.ts", ...words]);
  const isVerified = /verified/i.test(output);
  checks.report(
    "the pack of a time verifies by the line that is shown",
    isVerified ? [] : [output],
  );
  checks.report("a pack violates no policy and throws nothing", reader.faults);
  await reader.close();
}

async function checkNotPermitted(
  checks: Checks,
  browser: Browser,
  runtime: Runtime,
): Promise<void> {
  const reader = await openWithoutAudit(browser, runtime, EVIDENCE_ORG);
  for (const place of [LIST, `${LIST}/log/1`]) {
    await reader.page.goto(place);
    await reader.page.getByText("This session may not read the audit log").waitFor();
  }
  checks.report("who may not read the log is told so, and which scope it takes", reader.faults);
  await reader.close();
}
