/** The style page: every token and part, as a reader sees it and as axe does. */
import type { Browser, BrowserContextOptions } from "playwright-core";
import type { Checks } from "../checks.ts";
import { checkForAll, Reader } from "./browser.ts";

export async function checkStyle(checks: Checks, browser: Browser, url: string): Promise<void> {
  const open = async (options: BrowserContextOptions) => {
    const reader = await Reader.open(browser, url, options);
    await reader.open("/style", "Style");
    return reader;
  };
  await checkForAll(checks, "style", open);
  const forced = await open({ forcedColors: "active" });
  await forced.picture("style-forced");
  await forced.close();
}
