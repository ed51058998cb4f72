/** Polls: there is no other way to learn of what another process does by itself. */
export async function waitUntil(
  isTrue: () => Promise<boolean>,
  { msMax, what }: { msMax: number; what: string },
): Promise<number> {
  const startedAt = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - startedAt > msMax) throw new Error(`${what}: not within ${msMax} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - startedAt;
}
