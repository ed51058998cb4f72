/** Signing in and out, the way back, and the end of a session: by keyboard alone. */
import type { Browser, Request } from "playwright-core";
import type { Checks } from "../checks.ts";
import { checkForAll, Reader } from "./browser.ts";
import {
  answerWith,
  type FakeAnswer,
  type FakeAnswers,
  session,
  UNKNOWN_SESSION,
} from "./fake-api.ts";
import { fakeOrg } from "./fake-org.ts";

const TOKEN = "mcpgst_right";

/** Who has signed in is signed in, until the end of the session. */
function signingIn(idleSeconds = 1800, absoluteSeconds = 3600) {
  const seen = { isIn: false, idleSeconds, extended: 0 };
  const byMethod: Record<string, (request: Request) => FakeAnswer> = {
    DELETE: () => {
      seen.isIn = false;
      return { status: 204 };
    },
    POST: (request) => {
      if (request.postDataJSON()?.token !== TOKEN) return UNKNOWN_SESSION;
      seen.isIn = true;
      return { status: 204 };
    },
    GET: (request) => {
      const isPoll = request.headers()["x-mcpg-poll"] !== undefined;
      if (seen.isIn && !isPoll) seen.extended += 1;
      return seen.isIn ? session(seen.idleSeconds, absoluteSeconds) : UNKNOWN_SESSION;
    },
  };
  const answers: FakeAnswers = {
    ...fakeOrg(),
    "/v1/session": (_query, route) => byMethod[route.request().method()]!(route.request()),
  };
  return { seen, answers };
}

export async function checkSignIn(checks: Checks, browser: Browser, url: string): Promise<void> {
  const open = (answers: FakeAnswers, options = {}) =>
    Reader.open(browser, url, { ...options, prepare: (page) => answerWith(page, answers) });
  await checkForAll(checks, "sign-in", async (options) => {
    const reader = await open(signingIn().answers, options);
    await reader.open("/sign-in?return=/orgs/acme/lag", "Sign in");
    await reader.page.getByText("You are signed out").waitFor();
    return reader;
  });

  const { seen, answers } = signingIn();
  const reader = await open(answers);
  await reader.open("/orgs/acme/lag?last=6h&zone=utc", "Sign in");
  await reader.page.getByLabel("Service token").focus();
  await reader.page.keyboard.type("mcpgst_wrong");
  await reader.page.keyboard.press("Enter");
  await reader.page.getByText("This token is not known").waitFor();
  checks.equal(
    "sign-in: a token that is refused is told, and its field is ready for another",
    await reader.page.evaluate("document.activeElement.id"),
    "token",
  );
  await reader.picture("sign-in-refused");
  await reader.page.keyboard.type(TOKEN);
  await reader.page.keyboard.press("Enter");
  await reader.page.getByRole("heading", { level: 1, name: "Lag" }).waitFor();
  checks.equal(
    "sign-in: it leads back to where one was, with range and zone",
    new URL(reader.page.url()).pathname + new URL(reader.page.url()).search,
    "/orgs/acme/lag?last=6h&zone=utc",
  );
  checks.equal(
    "sign-in: the heading of the page has the focus",
    await reader.page.evaluate("document.activeElement.tagName"),
    "H1",
  );
  const kept = await reader.page.evaluate(
    "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])",
  );
  checks.equal(
    "sign-in: the token is kept nowhere in the page",
    String(kept).includes("mcpgst"),
    false,
  );
  await reader.page.getByRole("button", { name: "Account" }).press("Enter");
  await reader.picture("account");
  await reader.page.getByRole("button", { name: "Sign out" }).press("Enter");
  await reader.page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  checks.equal("sign-in: signing out ends the session", seen.isIn, false);
  checks.report("sign-in: no policy is violated on the way", reader.faults);
  await reader.close();

  await checkReturn(checks, open);
  await checkIdle(checks, open);
}

type Open = (answers: FakeAnswers, options?: object) => Promise<Reader>;

async function checkReturn(checks: Checks, open: Open): Promise<void> {
  const problems: string[] = [];
  for (const back of [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
  ]) {
    const { answers, seen } = signingIn();
    seen.isIn = true;
    const reader = await open(answers);
    await reader.open(`/sign-in?return=${encodeURIComponent(back)}`, "Overview");
    const { pathname } = new URL(reader.page.url());
    if (pathname !== "/orgs/acme/overview") problems.push(`${back} led to ${reader.page.url()}`);
    await reader.close();
  }
  checks.report("sign-in: a way back to a stranger is none", problems);
}

async function checkIdle(checks: Checks, open: Open): Promise<void> {
  const { answers, seen } = signingIn(100, 3600);
  seen.isIn = true;
  const reader = await open(answers);
  await reader.open("/orgs/acme/overview", "Overview");
  const dialog = reader.page.getByRole("dialog", { name: "You are about to be signed out" });
  await dialog.waitFor();
  await reader.picture("idle-warning");
  checks.report(
    "sign-in: before the session ends for want of use its reader is asked",
    (await reader.axe()).concat(reader.faults),
  );
  const before = seen.extended;
  seen.idleSeconds = 1800;
  await dialog.getByRole("button", { name: "Stay signed in" }).press("Enter");
  await dialog.waitFor({ state: "hidden" });
  checks.equal(
    "sign-in: who says so stays, by a request that counts as use",
    seen.extended,
    before + 1,
  );
  await reader.close();

  const short = signingIn(2, 3600);
  short.seen.isIn = true;
  const gone = await open(short.answers);
  await gone.page.goto("/orgs/acme/overview");
  await gone.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  short.seen.isIn = false;
  await gone.page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  checks.equal(
    "sign-in: a session that ended leads to the sign-in, and from there back",
    new URL(gone.page.url()).searchParams.get("return"),
    "/orgs/acme/overview",
  );
  await gone.close();
}
