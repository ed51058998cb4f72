/**
 * The dashboard over a deployment that lives: `npm start`, `npm run demo`, Prometheus and Alertmanager as they are
 * shipped, and people in a browser, each with a token of their own.
 */
import type { Browser, Page } from "playwright-core";
import { Checks, type Verdict } from "../checks.ts";
import { openBrowser, Reader } from "../dashboard/browser.ts";
import { checkAuditor } from "./auditor-story.ts";
import { checkCall } from "./call-page.ts";
import { DemoRun, ORG } from "./demo-run.ts";
import { checkDrills } from "./drill-downs.ts";
import { Alerting } from "./fired-alert.ts";
import { checkLive, signIn } from "./live-pages.ts";
import { checkOnCall } from "./on-call-story.ts";
import { takePictures } from "./pictures.ts";

/**
 * Two answers that the browser writes down and the page expects: that nobody is signed in yet, and that an entry is
 * not signed yet.
 */
const EXPECTED = [
  /401 \(Unauthorized\).*\/v1\/session$/,
  /409 \(Conflict\).*\/audit\/\d+\/proof\?log=1$/,
];

export async function runDashboardDemoSuite(): Promise<Verdict> {
  const checks = new Checks("dashboard-demo");
  const ends: (() => Promise<unknown>)[] = [];
  try {
    await runAll(checks, ends);
  } catch (error) {
    checks.report("the suite runs to its end", [String((error as Error).stack ?? error)]);
  }
  for (const end of ends.toReversed()) await end().catch((error) => console.log(String(error)));
  return checks.verdict;
}

async function runAll(checks: Checks, ends: (() => Promise<unknown>)[]): Promise<void> {
  const beganMs = Date.now();
  const run = await DemoRun.begin();
  ends.push(() => run.end());
  const alerting = await Alerting.begin(run);
  ends.push(() => alerting.end());
  const browser = await openBrowser();
  ends.push(() => browser.close());
  const admin = await openReader(browser, run);
  checks.equal("the demo says where to look", run.page, `${run.url}/orgs/${ORG}/overview`);
  await signIn(admin.reader, run.adminToken);
  await checkLive(checks, admin.reader);
  const onCall = await openAs(browser, run, "user:ann@acme", ["telemetry:read", "audit:read"]);
  await checkOnCall(checks, onCall.reader, await alerting.link());
  const tally = await run.endDemo();
  checks.report("the demo's clients called", tally === "" ? [run.demoOutput] : [], tally);
  await checkCall(checks, admin.reader, run);
  await checkDrills(checks, admin.reader, beganMs);
  const auditor = await openAs(browser, run, "user:audrey@acme", ["audit:read"]);
  await checkAuditor(checks, auditor.reader, beganMs);
  await takePictures(browser, run, admin.reader);
  const all = [admin, onCall, auditor];
  const told = all.flatMap(({ reader, errors }) => [...reader.faults, ...errors]);
  checks.report(
    "no policy was violated, nothing thrown, and the console has no error but what is expected",
    told,
  );
}

interface Watched {
  readonly reader: Reader;
  readonly errors: readonly string[];
}

async function openReader(browser: Browser, run: DemoRun): Promise<Watched> {
  const errors: string[] = [];
  const prepare = async (page: Page) => {
    page.on("console", (message) => {
      const line = `${message.text()} ${message.location().url}`;
      const isExpected = EXPECTED.some((pattern) => pattern.test(line));
      if (message.type() === "error" && !isExpected) errors.push(line);
    });
  };
  const reader = await Reader.open(browser, run.url, { timezoneId: "UTC", prepare });
  return { reader, errors };
}

/** Signed in by the page, where a token of one org leads. */
async function openAs(
  browser: Browser,
  run: DemoRun,
  actor: string,
  scopes: readonly string[],
): Promise<Watched> {
  const watched = await openReader(browser, run);
  const { reader } = watched;
  await reader.open("/", "Sign in");
  await reader.page
    .getByLabel("Service token")
    .fill(await run.token({ name: actor, actor, scopes }));
  await reader.page.keyboard.press("Enter");
  await reader.page.getByRole("heading", { level: 1, name: /^(Overview|Audit log)$/ }).waitFor();
  return watched;
}
