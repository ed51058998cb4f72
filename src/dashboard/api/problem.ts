/** Why there is no answer: what the API said (RFC 9457), or what kept it from saying anything. */
export interface Problem {
  /** 0 where nothing came back. */
  readonly status: number;
  /** Stable, snake_case; ours are `unreachable`, `timed_out` and `unreadable_answer`. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | null;
  readonly errors: readonly { readonly pointer: string; readonly message: string }[];
  readonly retryAfterSeconds: number | null;
}

export const UNREACHABLE: Problem = {
  status: 0,
  code: "unreachable",
  title: "The server cannot be reached",
  detail: "Nothing came back: the network, or the deployment, is down.",
  requestId: null,
  errors: [],
  retryAfterSeconds: null,
};

export const TIMED_OUT: Problem = {
  ...UNREACHABLE,
  code: "timed_out",
  title: "The server took too long",
  detail: "No answer within 30 seconds.",
};

/** A proxy in between may answer with a page of its own. */
export function problemOf(status: number, body: unknown, retryAfter: string | null): Problem {
  const seconds = Number(retryAfter ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(seconds) ? seconds : null;
  const told = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const text = (name: string, otherwise: string) =>
    typeof told[name] === "string" ? (told[name] as string) : otherwise;
  return {
    status,
    code: text("code", "unreadable_answer"),
    title: text("title", `The server answered with status ${status}`),
    detail: text("detail", "It was not an answer of the API."),
    requestId: text("request_id", "") || null,
    errors: Array.isArray(told["errors"]) ? (told["errors"] as Problem["errors"]) : [],
    retryAfterSeconds,
  };
}
