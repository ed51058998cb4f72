/** Against the Worker itself: signing in, and that the figures are those of the calls that were sent. */
import type { Browser } from "playwright-core";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { Reader } from "./browser.ts";

const ORG = "live";
const MINUTE_MS = 60_000;

export async function checkWorker(
  checks: Checks,
  browser: Browser,
  runtime: Runtime,
): Promise<void> {
  await runtime.makeOrg(ORG);
  await report(runtime);
  const scopes = ["telemetry:read", "audit:read"];
  const path = `/v1/orgs/${ORG}/service-tokens`;
  const created = await runtime.json<{ id: string; token: string }>("POST", path, {
    name: "on call",
    scopes,
  });
  const reader = await Reader.open(browser, runtime.url);
  const { page } = reader;
  await reader.open(`/orgs/${ORG}/overview?zone=utc`, "Sign in");
  await page.getByLabel("Service token").fill(created.token);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await page
    .getByText("every entry is signed")
    .or(page.getByText("to be signed"))
    .or(page.getByText("never signed"))
    .first()
    .waitFor();
  checks.equal("worker: the calls are those that were sent", await figure(reader, "Calls"), "30");
  checks.equal("worker: and so are those that failed", await figure(reader, "Error ratio"), "20 %");
  checks.equal(
    "worker: instances that report are online",
    await figure(reader, "Instances online"),
    "2",
  );
  checks.equal("worker: the series are counted", await figure(reader, "Series"), "2");
  await reader.picture("worker-overview");

  await page.getByRole("link", { name: "Lag", exact: true }).click();
  await page.getByText("its clock is ahead").waitFor();
  const looks = await page.locator('td[data-title="Looks like"]').allTextContents();
  checks.equal("worker: a wait and a clock are told apart", looks.toSorted(), [
    "held up",
    "its clock is ahead",
  ]);
  await reader.picture("worker-lag");
  await page.goto("/");
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  checks.equal(
    "worker: who may see one org is taken there",
    new URL(page.url()).pathname,
    `/orgs/${ORG}/overview`,
  );
  checks.report("worker: no policy is violated", reader.faults);

  await runtime.send("DELETE", `${path}/${created.id}`);
  await page.keyboard.press("r");
  await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor({ timeout: 70_000 });
  checks.report("worker: with its token a session ends, and the page says so", []);
  await reader.close();
}

/** Of `gw-late` each call arrives half a minute after its end; of `gw-early` as long before it. */
async function report(runtime: Runtime): Promise<void> {
  const nowMs = Date.now();
  const startMs = nowMs - MINUTE_MS / 2;
  const calls = (count: number, tool: string, durationMs: number, outcome: string) =>
    Array.from({ length: count }, (_, at) => ({
      workspace: "prod",
      plugin: "github",
      tool,
      started_at: startMs - at,
      duration_ms: durationMs,
      outcome,
    }));
  const path = `/v1/orgs/${ORG}/invocations`;
  const late = [
    ...calls(14, "list_repos", 50, "ok"),
    ...calls(6, "create_issue", 50, "server_error"),
  ];
  const early = calls(10, "list_repos", MINUTE_MS, "ok");
  for (const [instance_id, invocations] of Object.entries({ "gw-late": late, "gw-early": early })) {
    await runtime.json("POST", path, {
      instance_id,
      epoch: nowMs - MINUTE_MS,
      seq: 0,
      invocations,
    });
  }
}

function figure({ page }: Reader, label: string): Promise<string> {
  const tile = page.locator(".figure").filter({ has: page.getByText(label, { exact: true }) });
  return tile
    .locator(".figure-value")
    .first()
    .textContent()
    .then((text) => text ?? "");
}
