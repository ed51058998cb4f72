/**
 * Long work in slices: an isolate has one thread, and whoever else it serves waits for what it is at. A
 * Worker's clock stands still while it computes, so a slice is told by what its items are known to take.
 */

/** Twice this is what another request waits, where two such works take turns. */
const SLICE_US = 10_000;

/** Lets what has come in meanwhile go first. */
export function nextTurn(): Promise<void> {
  return scheduler.wait(0);
}

/** Work that stops where another may go first: at each `yield`, after a slice's time at most. */
export type Stepwise<Result> = Generator<undefined, Result>;

/** The same work in slices. What it works on must not change meanwhile. */
export async function withTurns<Result>(work: Stepwise<Result>): Promise<Result> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}

/** The same work in one go: for what is known to be small. */
export function atOnce<Result>(work: Stepwise<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Does `work` for each item, stopping behind each `itemsMax` of them. */
export function* stepwise<Item>(
  items: readonly Item[],
  itemsMax: number,
  work: (item: Item) => void,
): Stepwise<void> {
  for (const [at, item] of items.entries()) {
    if (at > 0 && at % itemsMax === 0) yield;
    work(item);
  }
}

/** Does `work` for each item, in order; `costUs` is about what it takes for an item. */
export async function inSlices<Item>(
  items: Iterable<Item>,
  costUs: (item: Item) => number,
  work: (item: Item) => void,
): Promise<void> {
  let sliceUs = 0;
  for (const item of items) {
    if (sliceUs >= SLICE_US) {
      await nextTurn();
      sliceUs = 0;
    }
    work(item);
    sliceUs += costUs(item);
  }
}
