/** "Was alice allowed to delete_repo last Tuesday, who decided, prove it"; Tuesday is the day of the run. */
import type { Checks } from "../checks.ts";
import type { Reader } from "../dashboard/browser.ts";
import { runProgram } from "../run-program.ts";
import { Story } from "./story.ts";

const CLICKS_MAX = 6;
const SECONDS_MAX = 45;
const DAY_MS = 86_400_000;

/** `openedOnMs`: a run over midnight asks for the day on which alice called. */
export async function checkAuditor(
  checks: Checks,
  reader: Reader,
  openedOnMs: number,
): Promise<void> {
  const { page } = reader;
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const story = new Story(page);
  const field = (name: RegExp | string) =>
    page.getByRole("textbox", { name }).or(page.getByRole("combobox", { name, exact: true }));
  await story.click(field("Actor"), "Actor");
  await story.type("user:alice@acme");
  await story.click(field("Target"), "Target");
  await story.type("tool://github/delete_repo");
  await story.click(field(/^From \(/), "From");
  await story.type(day(openedOnMs), day(openedOnMs + DAY_MS));
  await page.waitForURL(/to=/);
  const rows = page.locator('section[aria-label="Entries"]:not([aria-busy="true"]) tbody tr');
  await rows.first().waitFor();
  const told = await rows.evaluateAll((all) => all.map((row) => row.textContent ?? ""));
  checks.report(
    "auditor: alice's calls of delete_repo on that day are found, and each was denied",
    told.filter((text) => !/tool\.call\.denied.*user:alice@acme.*delete_repo/.test(text)),
    `${told.length} entries`,
  );
  await story.click(rows.last().getByRole("link").first(), "an entry");
  const says = page.getByRole("region", { name: "What it says" });
  await says.waitFor();
  const words = [
    "only-bob-deletes-repos",
    "repositories are deleted by who keeps them",
    "operator:gateway",
  ];
  const text = (await says.textContent()) ?? "";
  checks.report(
    "auditor: who decided is told: the policy, its reason, and who recorded it",
    words.filter((word) => !text.includes(word)),
  );
  await page.locator('.proof[data-proof="good"]').waitFor();
  const downloading = page.waitForEvent("download");
  await story.click(page.getByRole("button", { name: "Download the pack" }), "Download the pack");
  const download = await downloading;
  const file = await download.path();
  await page.getByText(download.suggestedFilename()).first().waitFor();
  const limits = { clicks: CLICKS_MAX, seconds: SECONDS_MAX };
  story.end(checks, "auditor: from the first page to a pack that proves it", limits);
  const evidence = page.getByRole("region", { name: "Evidence" });
  const line = (await evidence.locator("code").last().textContent()) ?? "";
  const args = line.split(" -- ")[1]?.replace(download.suggestedFilename(), file).split(" ") ?? [];
  const output = await runProgram(process.execPath, ["src/cli/verify.ts", ...args]);
  const verdict = /^VERIFIED.*$/m.exec(output)?.[0] ?? "";
  checks.report(
    "auditor: the verifier accepts the pack by the line that the page shows",
    verdict === "" ? [line, output] : [],
    verdict,
  );
}
