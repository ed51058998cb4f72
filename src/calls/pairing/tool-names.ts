/** When two names are of one tool. */

/** Servers and gateways put these between a mounted server's name and the tool's: `github__list`, `github.list`. */
const SEPARATORS = "_./-";

/** Equal, or one is the other behind a prefix that ends in a separator. */
export function isSameTool(a: string, b: string): boolean {
  return a === b || isBehindPrefix(a, b) || isBehindPrefix(b, a);
}

function isBehindPrefix(long: string, short: string): boolean {
  const prefixLength = long.length - short.length;
  return (
    prefixLength > 0 && long.endsWith(short) && SEPARATORS.includes(long[prefixLength - 1] ?? " ")
  );
}
