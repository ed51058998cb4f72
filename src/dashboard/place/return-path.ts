/** A way back is a path of ours: anything else would lead a signed-in reader to a stranger. */
export function returnPath(text: string | undefined): string {
  const isOurs = text !== undefined && /^\/(?![/\\])/.test(text) && !/[\p{Cc}\\]/u.test(text);
  return isOurs && !text.startsWith("/sign-in") ? text : "/";
}
