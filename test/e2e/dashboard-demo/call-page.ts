/** A call of the gateway: identity, policy and dispatch with their spans, its entries, and proofs that are good. */
import type { Page } from "playwright-core";
import type { Checks } from "../checks.ts";
import type { Reader } from "../dashboard/browser.ts";
import { type DemoRun, ORG } from "./demo-run.ts";

interface ListedCall {
  readonly id: string;
  readonly tool: string;
}

/** Signed each minute. */
const SIGNED_MS_MAX = 90_000;

export async function findCall(run: DemoRun, query: string): Promise<ListedCall> {
  const path = `/v1/orgs/${ORG}/invocations?limit=1&${query}`;
  const { invocations } = await run.json<{ invocations: ListedCall[] }>(path);
  const [call] = invocations;
  if (call === undefined) throw new Error(`no call of ${query}`);
  return call;
}

export async function checkCall(checks: Checks, reader: Reader, run: DemoRun): Promise<void> {
  const { page } = reader;
  const call = await findCall(run, "tool=list_repos&outcome=ok");
  await reader.open(`/orgs/${ORG}/calls/${call.id}`, `Call of ${call.tool}`);
  await page.locator(".stage").nth(2).waitFor();
  const stages = await page.locator(".stage").allTextContents();
  const expected = [
    /^Identityuser:(alice|bob)@acme/,
    /^Policyallowed.*entry \d+/,
    /^Dispatchprod \/ github \/ list_repos/,
  ];
  checks.report(
    "call: who, whether and what are told, in this order",
    expected.flatMap((pattern, at) => (pattern.test(stages[at] ?? "") ? [] : [stages[at] ?? ""])),
    stages.join(" | "),
  );
  const spans = await page.locator(".timeline-row").allTextContents();
  checks.report(
    "call: the span that the gateway made of it is in its timeline",
    spans.some((text) => text.includes("tools/call list_repos")) ? [] : ["its own is not"],
    `${spans.length} spans: ${spans.join(" | ")}`,
  );
  await provenEntries(page, 2);
  checks.report("call: its decision and its completion are proven in the page", []);
  await page.getByRole("link", { name: /\(entry \d+\)/ }).click();
  await page.getByRole("heading", { level: 1, name: /^Entry \d+$/ }).waitFor();
  await page.locator('.proof[data-proof="good"]').waitFor();
  checks.report("entry: the decision's proof is good", []);
}

/** Until the head above them is signed, their proof says that it waits: the page is asked again. */
async function provenEntries(page: Page, count: number): Promise<void> {
  const good = page.locator('.entry-card [data-proof="good"]');
  const overMs = Date.now() + SIGNED_MS_MAX;
  while ((await good.count()) < count) {
    if (Date.now() > overMs) {
      const told = await page.locator(".entry-card").allTextContents();
      throw new Error(`not proven: ${told.join(" | ")}`);
    }
    await good
      .nth(count - 1)
      .waitFor({ timeout: 5_000 })
      .catch(() => page.reload());
  }
}
