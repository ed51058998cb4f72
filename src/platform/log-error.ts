/**
 * An error as Workers Logs may have it: its class and where it was thrown, through its causes, never
 * a message. A query's error quotes its parameters, a parser's its input, and either may be a
 * tenant's data.
 */
const FRAMES_MAX = 12;

export function logError(error: unknown, context: Record<string, string>): void {
  // biome-ignore lint/suspicious/noConsole: Workers Logs is the only place to send this to
  console.error(
    JSON.stringify({ level: "error", ...context, errors: causes(error).map(describe) }),
  );
}

/** What somebody has to look at though nothing failed. The text is the caller's own: no tenant's data. */
export function logAlert(alert: string, context: Record<string, string>): void {
  // biome-ignore lint/suspicious/noConsole: Workers Logs is the only place to send this to
  console.error(JSON.stringify({ level: "error", alert, ...context }));
}

function causes(error: unknown): Error[] {
  if (!(error instanceof Error)) return [];
  return [error, ...causes(error.cause)];
}

function describe({ name, stack = "" }: Error) {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return { error: name, frames: frames.slice(0, FRAMES_MAX).map((frame) => frame.trim()) };
}
