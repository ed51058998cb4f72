/** A reader who has signed in with a token that may read an org's telemetry. */
import type { Browser, BrowserContextOptions } from "playwright-core";
import type { Runtime } from "../../harness/runtime.ts";
import { Reader } from "./browser.ts";

interface NewToken {
  name: string;
  scopes: readonly string[];
  actor?: string;
}

export async function makeToken(runtime: Runtime, org: string, made: NewToken): Promise<string> {
  const path = `/v1/orgs/${org}/service-tokens`;
  return (await runtime.json<{ token: string }>("POST", path, made)).token;
}

export function readerToken(
  runtime: Runtime,
  org: string,
  more: readonly string[] = [],
): Promise<string> {
  const scopes = ["telemetry:read", "audit:read", ...more];
  return makeToken(runtime, org, { name: "on call", actor: "user:ann@acme", scopes });
}

/** A reader who may read telemetry, and no audit log. */
export async function openWithoutAudit(
  browser: Browser,
  runtime: Runtime,
  org: string,
): Promise<Reader> {
  const made = { name: "telemetry only", scopes: ["telemetry:read"] };
  return openSignedIn(browser, runtime, await makeToken(runtime, org, made));
}

/** The session is the browser's own, as the sign-in page makes it. */
export async function openSignedIn(
  browser: Browser,
  runtime: Runtime,
  token: string,
  options: BrowserContextOptions = {},
): Promise<Reader> {
  const reader = await Reader.open(browser, runtime.url, options);
  await reader.page.goto("/style");
  const body = JSON.stringify({ token });
  const status = await reader.page.evaluate<number>(
    `fetch("/v1/session", { method: "POST", headers: { "content-type": "application/json" },
      body: ${JSON.stringify(body)} }).then(({ status }) => status)`,
  );
  if (status !== 204) throw new Error(`signing in: ${status}`);
  return reader;
}
