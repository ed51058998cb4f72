/** The chance that a score of `these` is above one of `those`, where a tie is half: Mann and Whitney's U. */
export function areaUnderCurve(these: readonly number[], those: readonly number[]): number {
  let above = 0;
  for (const one of these) {
    for (const other of those) above += one > other ? 1 : one === other ? 0.5 : 0;
  }
  return above / (these.length * those.length);
}

/** Fisher and Yates's. */
export function shuffled<Item>(items: readonly Item[]): Item[] {
  const order = [...items];
  for (let left = order.length - 1; left > 0; left -= 1) {
    const at = Math.floor(Math.random() * (left + 1));
    [order[left], order[at]] = [order[at]!, order[left]!];
  }
  return order;
}
