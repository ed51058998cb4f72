/**
 * Rejects with what `late` makes once the time is over; what the work does after that nobody waits for. By a plain
 * timer: an aborted wait throws and catches an exception, which for each call through the gateway is dear.
 */
export async function inTime<Result>(
  work: Promise<Result>,
  msMax: number,
  late: () => Error,
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), msMax);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
