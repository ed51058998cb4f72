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
