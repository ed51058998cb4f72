/** A call's payload in the page: asked for with a reason, shown from memory, gone when it is left, and said where it is not. */
import type { Browser } from "playwright-core";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import type { Reader } from "./browser.ts";
import { EVIDENCE_ORG, type EvidenceCall } from "./evidence-org.ts";
import { openSignedIn, readerToken } from "./signed-in.ts";

const PATH = `/orgs/${EVIDENCE_ORG}/calls`;
const API = `/v1/orgs/${EVIDENCE_ORG}/invocations`;
const PAYLOAD = {
  request: "<img src=x>secret",
  response: { a: 1 },
  cut: { request: null, response: { bytes: 300_000, blake3: "ab".repeat(32) } },
};

export async function checkPayloads(
  checks: Checks,
  browser: Browser,
  runtime: Runtime,
  calls: readonly EvidenceCall[],
): Promise<void> {
  const viewer = await readerToken(runtime, EVIDENCE_ORG, ["payloads:read"]);
  const other = await readerToken(runtime, EVIDENCE_ORG);
  await checkView(checks, await openSignedIn(browser, runtime, viewer), calls);
  await checkMissing(checks, await openSignedIn(browser, runtime, viewer), calls[4]!);
  await checkNoScope(checks, await openSignedIn(browser, runtime, other), calls[4]!);
}

/** Calls as they are, but that each has a payload. */
async function withPayloads(reader: Reader): Promise<void> {
  await reader.page.route(`**${API}/*`, async (route) => {
    const answer = await route.fetch();
    const text = (await answer.text()).replace('"has_payload":false', '"has_payload":true');
    await route.fulfill({ response: answer, body: text });
  });
}

async function openPayload(reader: Reader, { id, tool }: EvidenceCall): Promise<void> {
  await reader.open(`${PATH}/${id}?tool=${tool}&last=1h`, `Call of ${tool}`);
  await reader.page.getByRole("heading", { level: 2, name: "Payload" }).waitFor();
}

async function checkView(
  checks: Checks,
  reader: Reader,
  calls: readonly EvidenceCall[],
): Promise<void> {
  const { page } = reader;
  const alike = calls.filter(({ tool }) => tool === "list_repos");
  const asked: string[] = [];
  await withPayloads(reader);
  await page.route(`**${API}/*/payload?*`, (route) => {
    asked.push(new URL(route.request().url()).searchParams.get("reason") ?? "");
    return route.fulfill({ json: PAYLOAD });
  });
  await openPayload(reader, alike.at(-1)!);
  const view = page.getByRole("button", { name: "View payload…" });
  const shown = page.getByText("<img src=x>secret");
  const look = async () => {
    await view.click();
    await page.getByLabel(/^Reason/).fill("incident\n7");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await shown.waitFor();
  };
  await view.click();
  await page.getByRole("button", { name: "Record and view" }).click();
  checks.equal("a payload is not asked for without a reason", asked, []);
  await page.keyboard.press("Escape");
  await look();
  checks.equal("with one it is shown, as text", asked, ["incident 7"]);
  await page.getByText("of 300,000 bytes the rest is not kept").waitFor();
  const kept = await page.evaluate<string>(
    "JSON.stringify([{ ...localStorage, ...sessionStorage }, history.state, document.cookie])",
  );
  const isSecret = kept.includes("secret") || page.url().includes("secret");
  checks.equal("and kept neither in storage nor in the address", isSecret, false);
  await page.getByRole("link", { name: "Older →" }).click();
  await page.waitForURL(`**${alike.at(-2)!.id}?*`);
  await view.waitFor();
  const left = await page.evaluate<string>("document.documentElement.outerHTML");
  checks.equal("another call's page has nothing of it", left.includes("secret"), false);
  await look();
  await page.evaluate(`Object.defineProperty(document, "visibilityState", { value: "hidden" });
    document.dispatchEvent(new Event("visibilitychange"))`);
  await view.waitFor();
  checks.report("it is gone once the tab is hidden", reader.faults);
  await reader.close();
}

/** What the server says when there is none to show, in words of the page. */
async function checkMissing(checks: Checks, reader: Reader, call: EvidenceCall): Promise<void> {
  const { page } = reader;
  const answers = [
    [404, "not_found", "It is kept no longer"],
    [410, "payload_destroyed", "the key that it was sealed with is destroyed"],
    [500, "payload_refused", "was altered, or belongs elsewhere"],
    [403, "not_entitled", "is not entitled to captured payloads"],
  ] as const;
  let next = 0;
  await withPayloads(reader);
  await page.route(`**${API}/*/payload?*`, (route) => {
    const [status, code] = answers[next++]!;
    return route.fulfill({ status, json: { status, code, title: "No", detail: "No" } });
  });
  await openPayload(reader, call);
  for (const [, code, told] of answers) {
    await page.getByRole("button", { name: "View payload…" }).click();
    await page.getByLabel(/^Reason/).fill("incident 7");
    await page.getByRole("button", { name: "Record and view" }).click();
    await page.getByText(told).waitFor();
    checks.equal(`${code} is said in words`, await page.getByText(told).count(), 1);
  }
  await reader.close();
}

async function checkNoScope(checks: Checks, reader: Reader, call: EvidenceCall): Promise<void> {
  const { page } = reader;
  await openPayload(reader, call);
  await page.getByText("Nothing of the request or the response is kept").waitFor();
  await withPayloads(reader);
  await page.reload();
  await page.getByText("this session may not see it").waitFor();
  const buttons = await page.getByRole("button", { name: "View payload…" }).count();
  checks.equal("who may not view one is told so, and not asked why", buttons, 0);
  checks.report("and nothing fails", reader.faults);
  await reader.close();
}
