/** Results in the order of the items, up to `width` of them under way at once. */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  width: number,
  load: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  for (const item of items) {
    const result = load(item);
    // Whoever stops early does not await the rest, which must not count as unhandled.
    result.catch(() => undefined);
    underWay.push(result);
    if (underWay.length >= width) yield await underWay.shift()!;
  }
  for (const result of underWay) yield await result;
}

/** `from` until before `to`. */
export function* range(from: number, to: number): Generator<number> {
  for (let at = from; at < to; at += 1) yield at;
}
