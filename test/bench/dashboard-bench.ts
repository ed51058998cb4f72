/**
 * The dashboard in real Chromium: from a navigation, a filter or a step into a minute until the last figure is
 * painted. Beside the first views stands the same page of an org that has nothing.
 */
import type { Browser, Page } from "playwright-core";
import { openBrowser, Reader } from "../e2e/dashboard/browser.ts";
import { openSignedIn, readerToken } from "../e2e/dashboard/signed-in.ts";
import type { Runtime } from "../harness/runtime.ts";
import { workerdCpuMs } from "../harness/workerd-usage.ts";
import { HOUR_MS, PLUGINS, QUARTER_MS, TOOLS } from "./activity-fill.ts";
import { EMPTY_ORG, type FilledOrg, fillLargeOrg, LARGE_ORG } from "./dashboard-fill.ts";
import { type Figure, quantile } from "./figure.ts";
import { type Drawn, drawnByInput, drawnByNavigation, startClock } from "./page-clock.ts";
import { PageCpu } from "./page-cpu.ts";

const RUNS = 20;
/** What takes seconds is known by fewer. */
const RUNS_MS_MAX = 30_000;
const MINUTE_MS = 60_000;
const MINUTES_AT_A_PLACE = 4;
const ACTORS = 97;

interface Measured {
  readonly elapsedMs: number;
  readonly drawn: Drawn;
  readonly rowsRead: number;
  /** Processor time: of the page's own thread, and of the Worker with its databases. */
  readonly pageCpuMs: number;
  readonly workerCpuMs: number;
}

type Bench = { runtime: Runtime; browser: Browser };
/** A browser's cookies: who opens another context stays signed in. */
type Cookies = Awaited<ReturnType<ReturnType<Page["context"]>["storageState"]>>;

export async function benchDashboard(runtime: Runtime): Promise<Figure[]> {
  const filled = await fillLargeOrg(runtime);
  const browser = await openBrowser();
  try {
    const bench = { runtime, browser };
    return [
      { name: "samples in the database", value: filled.samples },
      ...(await firstViews(bench)),
      ...(await filters(bench)),
      ...(await drills(bench, filled)),
    ];
  } finally {
    await browser.close();
  }
}

async function firstViews(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [org, target] of [
    [LARGE_ORG, " (target ≤ 1,000)"],
    [EMPTY_ORG, ""],
  ] as const) {
    const reader = await signedIn(bench, org);
    const cookies = await reader.page.context().storageState();
    for (const view of ["overview", "activity"]) {
      const path = `/orgs/${org}/${view}`;
      const cold = await repeat(() => coldView(bench, cookies, path));
      const warm = await repeat(() =>
        counted(bench, reader.page, () => drawnByNavigation(reader.page, path), "navigation"),
      );
      figures.push(...summary(`${org} ${view}, nothing cached${target}`, cold));
      figures.push(...summary(`${org} ${view}, cached${target}`, warm));
    }
    await reader.close();
  }
  return figures;
}

async function coldView(bench: Bench, storageState: Cookies, path: string): Promise<Measured> {
  const reader = await Reader.open(bench.browser, bench.runtime.url, { storageState });
  await startClock(reader.page);
  try {
    const { page } = reader;
    return await counted(bench, page, () => drawnByNavigation(page, path), "navigation");
  } finally {
    await reader.close();
  }
}

/** Each of another tool, plugin or actor: nothing that was read for the one serves the next. */
async function filters(bench: Bench): Promise<Figure[]> {
  const reader = await signedIn(bench, LARGE_ORG);
  const { page } = reader;
  const path = `/orgs/${LARGE_ORG}/activity`;
  const kinds: [name: string, query: string, act: (run: number) => Promise<unknown>][] = [
    [
      "by tool, 1 h (target ≤ 300)",
      "",
      (run) => write(page, "Tool", `tool_${(run * 331) % TOOLS}`),
    ],
    ["by tool, 24 h", "?last=24h", (run) => write(page, "Tool", `tool_${(run * 331) % TOOLS}`)],
    ["by plugin, 1 h", "", (run) => write(page, "Plugin", `plugin-${(run * 7) % PLUGINS}`)],
    [
      "by plugin, 24 h (target ≤ 300)",
      "?last=24h",
      (run) => write(page, "Plugin", `plugin-${(run * 7) % PLUGINS}`),
    ],
    ["by outcome, 1 h", "", () => page.getByRole("checkbox", { name: "server error" }).click()],
    ["by actor, 1 h", "", (run) => write(page, "Actor", `user:${(run * 5) % ACTORS}@acme`)],
    [
      "1 h to 24 h of a plugin, and back",
      "?plugin=plugin-7",
      (run) => page.getByRole("link", { name: `Last ${run % 2 === 0 ? "24h" : "1h"}` }).click(),
    ],
    [
      "1 h to 24 h of all calls, and back",
      "",
      (run) => page.getByRole("link", { name: `Last ${run % 2 === 0 ? "24h" : "1h"}` }).click(),
    ],
  ];
  const figures: Figure[] = [];
  for (const [name, query, act] of kinds) {
    await drawnByNavigation(page, path + query);
    const measured = await repeat((run) =>
      counted(bench, page, () => drawnByInput(page, () => act(run)), "input"),
    );
    figures.push(...summary(name, measured));
  }
  await reader.close();
  return figures;
}

async function write(page: Page, label: string, value: string): Promise<void> {
  const field = page.getByRole("combobox", { name: label, exact: true });
  await field.fill(value);
  await field.press("Enter");
}

/** As Back leads there: of what is older than two days no chart has a column of one minute. */
async function drills(bench: Bench, { quarterMs, oldQuartersMs }: FilledOrg): Promise<Figure[]> {
  const reader = await signedIn(bench, LARGE_ORG);
  const { page } = reader;
  const places: [name: string, fromMs: number][] = [
    ["of the last hour", quarterMs - QUARTER_MS],
    ["12 h ago", quarterMs - 12 * HOUR_MS],
    ...oldQuartersMs.map((ms): [string, number] => [
      `${(quarterMs - ms) / (24 * HOUR_MS)} days ago`,
      ms,
    ]),
  ];
  const figures: Figure[] = [];
  const all: Measured[] = [];
  for (const [name, fromMs] of places) {
    const path = `/orgs/${LARGE_ORG}/activity`;
    await drawnByNavigation(page, `${path}?${range(fromMs, fromMs + QUARTER_MS)}`);
    const measured: Measured[] = [];
    for (let run = 0; run < MINUTES_AT_A_PLACE; run += 1) {
      const minuteMs = fromMs + (3 * run + 1) * MINUTE_MS;
      const href = `${path}?view=calls&${range(minuteMs, minuteMs + MINUTE_MS)}`;
      measured.push(
        await counted(bench, page, () => drawnByInput(page, () => goBackTo(page, href)), "input"),
      );
    }
    all.push(...measured);
    figures.push(...summary(`one minute ${name}`, measured));
  }
  await reader.close();
  return [...figures, ...summary("one minute, all of these (target ≤ 300)", all)];
}

async function goBackTo(page: Page, href: string): Promise<void> {
  await page.evaluate(`(() => {
    history.pushState(null, "", ${JSON.stringify(href)});
    dispatchEvent(new PopStateEvent("popstate", { state: null }));
  })()`);
}

function range(fromMs: number, toMs: number): string {
  return `from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`;
}

async function signedIn({ browser, runtime }: Bench, org: string): Promise<Reader> {
  const reader = await openSignedIn(browser, runtime, await readerToken(runtime, org));
  await startClock(reader.page);
  return reader;
}

async function repeat(measure: (run: number) => Promise<Measured>): Promise<Measured[]> {
  const measured: Measured[] = [];
  const overAtMs = performance.now() + RUNS_MS_MAX;
  for (let run = 0; run < RUNS && performance.now() < overAtMs; run += 1) {
    measured.push(await measure(run));
  }
  return measured;
}

async function counted(
  { runtime }: Bench,
  page: Page,
  draw: () => Promise<Drawn>,
  since: "navigation" | "input",
): Promise<Measured> {
  await runtime.json("GET", "/bench/rows");
  const pageCpu = await PageCpu.start(page);
  const workerMs = workerdCpuMs();
  const drawn = await draw();
  const workerCpuMs = workerdCpuMs() - workerMs;
  const pageCpuMs = await pageCpu.end();
  const { rowsRead } = await runtime.json<{ rowsRead: number }>("GET", "/bench/rows");
  const elapsedMs = drawn.paintedMs - (since === "input" ? drawn.inputMs : 0);
  return { elapsedMs, drawn, rowsRead, pageCpuMs, workerCpuMs };
}

function summary(name: string, measured: readonly Measured[]): Figure[] {
  process.stderr.write(`${name}\n`);
  const elapsedMs = measured.map((one) => one.elapsedMs);
  const { drawn } = measured.at(-1)!;
  const answers = drawn.asked.filter(({ path }) => path.startsWith("/v1/"));
  const cpuMs = (of: "pageCpuMs" | "workerCpuMs") =>
    quantile(
      measured.map((one) => one[of]),
      0.5,
    );
  const kib = (asked: Drawn["asked"]) => asked.reduce((sum, { bytes }) => sum + bytes, 0) / 1024;
  return [
    { name: `${name}, ${measured.length} runs, p50`, value: quantile(elapsedMs, 0.5), unit: "ms" },
    { name: "  p95", value: quantile(elapsedMs, 0.95), unit: "ms" },
    { name: "  requests of the API", value: answers.length },
    { name: "  their answers", value: kib(answers), unit: "KiB" },
    { name: "  longest task", value: longestMs(measured), unit: "ms (0: none over 50)" },
    { name: "  processor time of the page's thread", value: cpuMs("pageCpuMs"), unit: "ms" },
    { name: "  and of the Worker", value: cpuMs("workerCpuMs"), unit: "ms" },
    {
      name: "  D1 rows read",
      value: quantile(
        measured.map(({ rowsRead }) => rowsRead),
        0.5,
      ),
    },
  ];
}

function longestMs(measured: readonly Measured[]): number {
  return Math.max(0, ...measured.flatMap(({ drawn }) => drawn.longMs));
}
