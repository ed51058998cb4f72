/**
 * When a page has drawn what was asked of it: nothing that it shows is still asked for, and the frame with the last
 * answer has been painted. What runs in the page is text, as in the e2e suites.
 */
import type { Page } from "playwright-core";

/** Polls are no part of a view. */
const CLOCK = `(() => {
  const clock = { inFlight: 0, answered: 0, inputMs: 0, longMs: [] };
  window.pageClock = clock;
  const isOfView = (path) => path.startsWith("/v1/") && !path.endsWith("/changes");
  const ask = window.fetch.bind(window);
  window.fetch = async (path, terms) => {
    if (!isOfView(String(path))) return ask(path, terms);
    clock.inFlight += 1;
    const end = () => { clock.inFlight -= 1; clock.answered += 1; };
    try {
      const answer = await ask(path, terms);
      const read = answer.json.bind(answer);
      answer.json = () => read().finally(end);
      if (answer.status === 204 || answer.status === 304) end();
      return answer;
    } catch (error) {
      end();
      throw error;
    }
  };
  const note = (event) => { clock.inputMs = event.timeStamp; };
  for (const kind of ["click", "keydown", "popstate"]) addEventListener(kind, note, true);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) clock.longMs.push(duration);
  }).observe({ type: "longtask", buffered: true });
  performance.setResourceTimingBufferSize(1000);
})()`;

/** For so long it has to stay so: an answer may lead to another question. */
const STILL_MS = 100;

const DRAWN = `(answeredBefore) => new Promise((resolve) => {
  const clock = window.pageClock;
  let sinceMs = null;
  let paintedMs = null;
  const look = () => {
    const isAsking = clock.inFlight > 0 || clock.answered <= answeredBefore ||
      document.querySelector("h1") === null ||
      document.querySelector(".state-loading, [aria-busy=true]") !== null;
    const nowMs = performance.now();
    if (isAsking) sinceMs = paintedMs = null;
    else if (sinceMs === null) sinceMs = nowMs;
    else if (paintedMs === null) paintedMs = nowMs;
    if (paintedMs === null || nowMs - sinceMs < ${STILL_MS}) return requestAnimationFrame(look);
    const asked = performance.getEntriesByType("resource");
    resolve({
      paintedMs,
      inputMs: clock.inputMs,
      longMs: clock.longMs,
      asked: asked.map(({ name, encodedBodySize, startTime, responseEnd }) =>
        ({ path: name.slice(location.origin.length), bytes: encodedBodySize, startTime, responseEnd })),
    });
  };
  requestAnimationFrame(look);
})`;

export interface Drawn {
  /** Since the navigation began. */
  readonly paintedMs: number;
  /** The last click, key or step back. */
  readonly inputMs: number;
  /** Tasks of more than 50 ms. */
  readonly longMs: readonly number[];
  readonly asked: readonly {
    readonly path: string;
    readonly bytes: number;
    readonly startTime: number;
    readonly responseEnd: number;
  }[];
}

export async function startClock(page: Page): Promise<void> {
  await page.context().addInitScript(CLOCK);
}

/** From the navigation on. */
export async function drawnByNavigation(page: Page, path: string): Promise<Drawn> {
  await page.goto(path, { waitUntil: "commit" });
  await page.waitForFunction("window.pageClock !== undefined");
  return page.evaluate<Drawn>(`(${DRAWN})(0)`);
}

/** From the input that `act` makes on. */
export async function drawnByInput(page: Page, act: () => Promise<unknown>): Promise<Drawn> {
  const answered = await page.evaluate<number>(`(() => {
    performance.clearResourceTimings();
    window.pageClock.longMs = [];
    return window.pageClock.answered;
  })()`);
  await act();
  return page.evaluate<Drawn>(`(${DRAWN})(${answered})`);
}
