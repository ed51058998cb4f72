/** An API of chosen answers: the states that a real one is hard to bring into. */
import type { Page, Route } from "playwright-core";

export interface FakeAnswer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** By the path's end, such as `/lag`; a function is asked each time, with the query. */
export type FakeAnswers = Record<
  string,
  FakeAnswer | ((query: URLSearchParams, route: Route) => FakeAnswer | "abort" | "hang")
>;

export async function answerWith(page: Page, answers: FakeAnswers): Promise<void> {
  await page.route("**/v1/**", async (route) => {
    const url = new URL(route.request().url());
    const [, found] =
      Object.entries(answers)
        .filter(([end]) => url.pathname.endsWith(end))
        .sort(([a], [b]) => b.length - a.length)[0] ?? [];
    const answer = typeof found === "function" ? found(url.searchParams, route) : found;
    if (answer === "hang") return;
    if (answer === "abort") await route.abort("connectionfailed");
    else await route.fulfill(fulfilled(answer ?? { status: 404 }));
  });
}

function fulfilled({ status = 200, body = null, headers = {} }: FakeAnswer) {
  const type = status < 400 ? "application/json" : "application/problem+json";
  return {
    status,
    headers: { "content-type": type, date: new Date().toUTCString(), ...headers },
    body: status === 204 || status === 304 ? "" : JSON.stringify(body),
  };
}

export function problem(status: number, code: string, title: string): FakeAnswer {
  return {
    status,
    body: {
      type: `urn:mcpg:problem:${code}`,
      title,
      status,
      detail: "As told.",
      code,
      request_id: "0193",
    },
  };
}

export const UNKNOWN_SESSION = problem(401, "unauthenticated", "Authentication required");

/** Of the administrator, with minutes left until it ends for want of use. */
export function session(idleSeconds = 1800, absoluteSeconds = 3600): FakeAnswer {
  const nowMs = Date.now();
  const at = (seconds: number) => new Date(nowMs + seconds * 1000).toISOString();
  return {
    body: {
      principal: { kind: "token", id: "st_1", name: "on call", actor: "user:alice@acme" },
      org: "acme",
      scopes: ["telemetry:read", "audit:read"],
      created_at: at(-600),
      expires_at: at(absoluteSeconds),
      idle_expires_at: at(idleSeconds),
      server_time: at(0),
    },
  };
}
