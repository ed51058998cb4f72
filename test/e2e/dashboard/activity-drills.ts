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

function plot(name: string, level: string): string {
  return `svg[aria-label="${name}"] a[data-level${level}]`;
}

const NUMBER = /([\d,]+)$/;

/** Tables first, for they stand in the place of their charts. */
export async function chartFigures(page: Page): Promise<Figure[]> {
  const figures = [
    ...(await figuresOf(page, "bar", plot("Calls by outcome over time", ':not([data-level="0"])'), /: ([\d,]+) /)),
    ...(await figuresOf(page, "column", plot("Calls by outcome over time", '="0"'), /: ([\d,]+) calls/)),
    ...(await figuresOf(page, "ratio point", plot("Error ratio over time", '="0"'), /: ([\d,]+) of/)),
    ...(await figuresOf(page, "percentile point", plot("Latency percentiles over time", '="0"'), /of ([\d,]+) calls/)),
    ...(await figuresOf(page, "legend", "figure .legend a", NUMBER)),
    ...(await figuresOf(page, "top calls", ".top td:nth-last-child(4) a", NUMBER)),
    ...(await figuresOf(page, "top errors", ".top td:nth-last-child(3) a", NUMBER)),
  ];
  await page.getByRole("button", { name: "Show as table: Latency heat map" }).click();
  figures.push(...(await figuresOf(page, "heat cell", "figure .chart-table td a", NUMBER)));
  await page.getByRole("button", { name: "Show as chart: Latency heat map" }).click();
  return figures;
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
