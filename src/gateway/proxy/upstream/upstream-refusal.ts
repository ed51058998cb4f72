/**
 * An upstream's answer with an error status. A 4xx whose body is a JSON-RPC error passes as it came: a client that
 * tries another version first tells by it what the server speaks (mcp.md §1, Fallback).
 */
import { readAnswer } from "#platform/outgoing/read-answer.ts";
import { isJsonAnswer } from "./media-type.ts";
import { messagesIn, readMessages } from "./rpc-text.ts";

/** An error is a code and a message, with the versions that a server speaks at most. */
export const REFUSAL_BYTES_MAX = 65_536;

/**
 * Never passed. 401, 403 and 407 speak of the gateway's credential, not of the client's, which would ask its user to
 * sign in anew; a 429 is of all who call the plugin. Clients make exceptions of a 5xx, with the body pasted in.
 */
const OURS: ReadonlySet<number> = new Set([401, 403, 407, 429]);

/** The answer to pass on, or what it is instead. */
export async function readRefusal(response: Response): Promise<Response | "no_error"> {
  const { status, headers, body } = response;
  if (status >= 500 || OURS.has(status) || !isJsonAnswer(headers)) {
    body?.cancel().catch(() => {});
    return "no_error";
  }
  const bytes = await readAnswer(body, REFUSAL_BYTES_MAX);
  const messages = messagesIn(await readMessages(new TextDecoder().decode(bytes)));
  const isError = messages.length > 0 && messages.every(({ kind }) => kind === "error");
  return isError ? new Response(bytes, { status, headers: keptOf(headers) }) : "no_error";
}

/** What an HTTP client goes by, and nothing that is the upstream's own. */
function keptOf(headers: Headers): Headers {
  const kept = new Headers({ "content-type": "application/json" });
  const allow = headers.get("allow");
  if (allow !== null && /^[A-Z]+(, ?[A-Z]+){0,8}$/.test(allow)) kept.set("allow", allow);
  return kept;
}
