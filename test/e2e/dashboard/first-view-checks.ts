/** Who was signed in when he left asks for figures at once: what holds all the same for a clock, and for who is not. */
import type { Browser, Page } from "playwright-core";
import type { Checks } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { Reader } from "./browser.ts";
import { answerWith, type FakeAnswers, session, UNKNOWN_SESSION } from "./fake-api.ts";
import { fakeOrg } from "./fake-org.ts";

const PATH = "/orgs/acme/overview";
const WAS_IN = "localStorage.setItem('mcpg.signed-in', 'yes')";
const HOUR_MS = 3_600_000;

export async function checkFirstView(checks: Checks, browser: Browser, url: string): Promise<void> {
  const open = (answers: FakeAnswers, before: string) =>
    Reader.open(browser, url, {
      prepare: async (page: Page) => {
        await page.addInitScript(before);
        await answerWith(page, answers);
      },
    });
  const waiting = await open({ ...fakeOrg(), "/v1/session": () => "hang" }, WAS_IN);
  await waiting.open(PATH, "Overview");
  await waiting.page.getByText("Most failures").waitFor();
  await waiting.page.getByText("gw-fra-1").waitFor();
  checks.report("first view: figures do not wait for the answer to who asks", waiting.faults);
  await waiting.close();

  const stranger = await open({ ...fakeOrg(), "/v1/session": () => "hang" }, "");
  await stranger.page.goto(PATH);
  await stranger.page.getByText("Asking who is signed in").waitFor();
  checks.equal(
    "first view: of who was not signed in nothing is asked before it is answered",
    await stranger.page.getByRole("heading", { level: 1 }).count(),
    0,
  );
  await stranger.close();

  const over = await open(
    { "/v1/session": UNKNOWN_SESSION },
    `if (location.pathname !== "/sign-in") ${WAS_IN}`,
  );
  await over.open(PATH, "Sign in");
  checks.equal(
    "first view: a session that is over leads to the sign-in page, and is taken for one no more",
    await over.page.evaluate("localStorage.getItem('mcpg.signed-in')"),
    null,
  );
  checks.report("first view: and nothing is thrown on the way", over.faults);
  await over.close();
  await checkClock(checks, open);
}

/** The server is an hour ahead: before it says so, the first question is of the reader's hour. */
async function checkClock(
  checks: Checks,
  open: (answers: FakeAnswers, before: string) => Promise<Reader>,
): Promise<void> {
  let askedTo = "";
  const answers = datedAhead({
    ...fakeOrg(),
    "/v1/session": session(2 * 3600, 4 * 3600),
    "/activity": (query, route) => {
      askedTo = query.get("to") ?? "";
      const fake = fakeOrg()["/activity"];
      return typeof fake === "function" ? fake(query, route) : fake!;
    },
  });
  const reader = await open(answers, WAS_IN);
  await reader.open(PATH, "Overview");
  const isOfServer = async () => Math.abs(Date.parse(askedTo) - Date.now() - HOUR_MS) < 60_000;
  await waitUntil(isOfServer, { msMax: 20_000, what: "the hour of the server's clock" });
  checks.report("first view: it ends up with the server's hour, whatever the reader's clock", []);
  await reader.close();
}

/** As all of one server's answers are. */
function datedAhead(answers: FakeAnswers): FakeAnswers {
  const date = new Date(Date.now() + HOUR_MS).toUTCString();
  const dated = Object.entries(answers).map(([end, found]): [string, FakeAnswers[string]] => [
    end,
    (query, route) => {
      const answer = typeof found === "function" ? found(query, route) : found;
      return typeof answer === "string"
        ? answer
        : { ...answer, headers: { ...answer.headers, date } };
    },
  ]);
  return Object.fromEntries(dated);
}
