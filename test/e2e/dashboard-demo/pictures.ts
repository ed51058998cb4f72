/** Each page of the run as it is, for a person to look at: MCPG_PICTURES names a folder, without it none is taken. */
import type { Browser } from "playwright-core";
import { NARROW, Reader, SCHEMES, WIDE } from "../dashboard/browser.ts";
import { findCall } from "./call-page.ts";
import { type DemoRun, ORG } from "./demo-run.ts";

export async function takePictures(
  browser: Browser,
  run: DemoRun,
  signedIn: Reader,
): Promise<void> {
  if (process.env["MCPG_PICTURES"] === undefined) return;
  const failed = await findCall(run, "tool=close_ticket&outcome=client_error,server_error");
  const denied = await run.json<{ events: { seq: number }[] }>(
    `/v1/orgs/${ORG}/audit?action=tool.call.denied&actor=user:alice@acme&limit=1`,
  );
  const root = `/orgs/${ORG}`;
  const pages: Record<string, string> = {
    overview: `${root}/overview?last=15m`,
    lag: `${root}/lag?last=15m`,
    "tool-activity": `${root}/activity?last=15m`,
    calls: `${root}/activity?last=15m&view=calls`,
    errors: `${root}/activity?last=15m&view=errors`,
    differs: `${root}/activity?last=15m&view=compare&sel_outcome=policy_denied`,
    call: `${root}/calls/${failed.id}`,
    audit: `${root}/audit?actor=user:alice@acme&target=tool://github/delete_repo`,
    entry: `${root}/audit/log/${denied.events[0]?.seq}`,
    orgs: "/",
  };
  const storageState = await signedIn.page.context().storageState();
  for (const colorScheme of SCHEMES) {
    for (const viewport of [WIDE, NARROW]) {
      const reader = await Reader.open(browser, run.url, {
        storageState,
        colorScheme,
        viewport,
        timezoneId: "UTC",
      });
      for (const [name, path] of Object.entries(pages)) {
        await reader.page.goto(path);
        await reader.page.getByRole("heading", { level: 1 }).waitFor();
        await reader.page.waitForLoadState("networkidle");
        await reader.picture(`${name}-${colorScheme}-${viewport.width}`);
      }
      await reader.close();
    }
  }
}
