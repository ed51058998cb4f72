/** From a figure to its calls: what each figure on the page says, and how long the list is that it leads to. */
import type { Page } from "playwright-core";
import type { Checks } from "../checks.ts";

interface Figure {
  readonly kind: string;
  readonly label: string;
  readonly href: string;
  readonly count: number;
}

/** Of each kind, so that the suite ends: they are spread over all of them. */
const WALKED_MAX = 15;
const LIST_PARAMETERS =
  /^(plugin|tool|workspace|outcome|instance|actor|error_code|error_hash|error_fingerprint|from|to|(min|max)_duration_ms)$/;

/** The last number of a label: of `12 ok`, of `p95 80 ms, of 312 calls`. */
function countOf(label: string, pattern: RegExp): number {
  return Number((pattern.exec(label)?.[1] ?? "NaN").replaceAll(",", ""));
}

async function figuresOf(
  page: Page,
  kind: string,
  selector: string,
  pattern: RegExp,
): Promise<Figure[]> {
  const links = await page.locator(selector).evaluateAll((elements) =>
    elements.map((element) => ({
      label: element.getAttribute("aria-label") ?? element.textContent ?? "",
      href: element.getAttribute("href") ?? "",
    })),
  );
  return links.map(({ label, href }) => ({ kind, label, href, count: countOf(label, pattern) }));
}

/** Level 0 is the whole column, what is above are its segments. */
function partsOf(chart: string, which: "columns" | "segments"): string {
  const level = which === "columns" ? '[data-level="0"]' : ':not([data-level="0"])';
  return `[aria-label="${chart}"] a${level}`;
}

const NUMBER = /([\d,]+)$/;

/** Tables first, for they stand in the place of their charts. */
export async function chartFigures(page: Page): Promise<Figure[]> {
  const figures = [
    ...(await figuresOf(
      page,
      "bar",
      partsOf("Calls by outcome over time", "segments"),
      /: ([\d,]+) /,
    )),
    ...(await figuresOf(
      page,
      "column",
      partsOf("Calls by outcome over time", "columns"),
      /: ([\d,]+) calls/,
    )),
    ...(await figuresOf(
      page,
      "ratio point",
      partsOf("Error ratio over time", "columns"),
      /: ([\d,]+) of [\d,]+ failed/,
    )),
    ...(await figuresOf(
      page,
      "percentile point",
      partsOf("Latency percentiles over time", "columns"),
      /of ([\d,]+) calls/,
    )),
    ...(await figuresOf(page, "legend", "figure .legend a", NUMBER)),
    ...(await figuresOf(page, "top calls", ".top td:nth-last-child(4) a", NUMBER)),
    ...(await figuresOf(page, "top errors", ".top td:nth-last-child(3) a", NUMBER)),
  ];
  await page.getByRole("button", { name: "Show as table: Latency heat map" }).click();
  figures.push(...(await figuresOf(page, "heat cell", "figure .chart-table td a", NUMBER)));
  await page.getByRole("button", { name: "Show as chart: Latency heat map" }).click();
  return figures;
}

/** Groups of errors, and what a selection has of each value. */
export async function errorFigures(page: Page): Promise<Figure[]> {
  return figuresOf(page, "error group", '#view td[data-title="Calls"] a', NUMBER);
}

export async function comparedFigures(page: Page): Promise<Figure[]> {
  return [
    ...(await figuresOf(page, "selection", "#view .selection-count", /^([\d,]+) calls/)),
    ...(await figuresOf(page, "compared value", '#view td[data-title="Selected"] a', NUMBER)),
  ];
}

/** The list's length, read as the page reads it: by the same query, page by page. */
async function listLength(page: Page, org: string, href: string): Promise<number> {
  const query = new URL(href, "http://page").searchParams;
  const terms = new URLSearchParams([...query].filter(([name]) => LIST_PARAMETERS.test(name)));
  terms.set("limit", "1000");
  return page.evaluate<number>(`(async () => {
    let calls = 0, cursor = "";
    do {
      const answer = await fetch(${JSON.stringify(`/v1/orgs/${org}/invocations?${terms}`)} + cursor);
      const { invocations, next_cursor } = await answer.json();
      calls += invocations.length;
      cursor = next_cursor === null ? "" : "&cursor=" + encodeURIComponent(next_cursor);
    } while (cursor !== "");
    return calls;
  })()`);
}

export async function checkFigures(
  checks: Checks,
  page: Page,
  org: string,
  figures: readonly Figure[],
  kinds: readonly string[],
): Promise<void> {
  for (const kind of kinds) {
    const all = figures.filter((figure) => figure.kind === kind);
    const every = Math.max(1, Math.floor(all.length / WALKED_MAX));
    const walked = all.filter((_, index) => index % every === 0).slice(0, WALKED_MAX);
    const problems = walked.length === 0 ? ["there is none on the page"] : [];
    for (const { label, href, count } of walked) {
      const listed = await listLength(page, org, href);
      if (listed !== count) problems.push(`${label}: ${count}, its list has ${listed}: ${href}`);
    }
    const seen = `${walked.length} of ${all.length}`;
    checks.report(`each ${kind} leads to exactly the calls that it counts`, problems, seen);
  }
}
