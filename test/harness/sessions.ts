/** A browser that has signed in to the dashboard, as the Worker sees it. In workerd. */
import { requireStatus } from "./answers.ts";
import { type CallOptions, call } from "./deployment.ts";

/** What a page of this service sends besides. */
export const OWN_PAGE = { "sec-fetch-site": "same-origin" };

/** The session's cookie, as a browser sends it. */
export async function signIn(token: string): Promise<string> {
  const headers = { ...OWN_PAGE };
  const answer = call("POST", "/v1/session", { token: null, headers, body: { token } });
  return cookieOf(await requireStatus(204, answer));
}

export function cookieOf(answer: Response): string {
  return (answer.headers.get("set-cookie") ?? "").split(";", 1)[0]!;
}

/** Asked for by a page of this service, with the cookie alone. */
export function callAs(
  cookie: string,
  method: string,
  path: string,
  { headers = {}, ...options }: CallOptions = {},
): Promise<Response> {
  const all = { ...OWN_PAGE, cookie, ...headers };
  return call(method, path, { ...options, token: null, headers: all });
}
