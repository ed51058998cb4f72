/** The exact GET of a view, to be run elsewhere: the token is the reader's own, and never in what is copied. */
export function curlCommand(origin: string, path: string): string {
  const url = `${origin}${path}`.replaceAll("'", "%27");
  return `curl -sS -H "Authorization: Bearer $MCPG_TOKEN" '${url}'`;
}
