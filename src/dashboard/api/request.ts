/** One request of the API, as whoever is signed in. Nothing is thrown but the caller's own abort. */
import { type Problem, problemOf, TIMED_OUT, UNREACHABLE } from "./problem.ts";
import { noteServerTime } from "./server-clock.ts";

const ANSWER_MS_MAX = 30_000;

export interface RequestTerms {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** The answer is then `isUnchanged` where it still is what this tag was of. */
  readonly etag?: string | null;
  /** Nobody asked: it must not keep alive the session of a reader who has gone. */
  readonly isPoll?: boolean;
}

export type Reply<T> =
  | {
      readonly ok: true;
      readonly data: T;
      readonly etag: string | null;
      readonly isUnchanged: boolean;
    }
  | { readonly ok: false; readonly problem: Problem };

export async function request<T>(path: string, terms: RequestTerms = {}): Promise<Reply<T>> {
  const { method = "GET", body, signal, isPoll = false } = terms;
  const expiry = AbortSignal.timeout(ANSWER_MS_MAX);
  const sentMs = performance.now();
  try {
    const response = await fetch(path, {
      method,
      headers: headersOf(terms),
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal === undefined ? expiry : AbortSignal.any([signal, expiry]),
      // What the pages keep is theirs to tell the age of.
      cache: "no-store",
      // Over HTTP/1.1 six are under way at once: what a reader waits for goes first.
      priority: isPoll ? "low" : "auto",
      credentials: "same-origin",
    });
    noteServerTime(response.headers.get("date"), sentMs, performance.now());
    return await readReply<T>(response);
  } catch (error) {
    if (signal?.aborted) throw error;
    return { ok: false, problem: expiry.aborted ? TIMED_OUT : UNREACHABLE };
  }
}

function headersOf({ body, etag, isPoll = false }: RequestTerms): Headers {
  const headers = new Headers({ accept: "application/json" });
  if (body !== undefined) headers.set("content-type", "application/json");
  if (isPoll) headers.set("x-mcpg-poll", "1");
  if (etag) headers.set("if-none-match", etag);
  return headers;
}

async function readReply<T>(response: Response): Promise<Reply<T>> {
  const etag = response.headers.get("etag");
  const isUnchanged = response.status === 304;
  if (isUnchanged || response.status === 204) {
    return { ok: true, data: null as T, etag, isUnchanged };
  }
  const data: unknown = await response.json().catch(() => undefined);
  if (response.ok && data !== undefined) return { ok: true, data: data as T, etag, isUnchanged };
  const retryAfter = response.headers.get("retry-after");
  return { ok: false, problem: problemOf(response.status, data, retryAfter) };
}
