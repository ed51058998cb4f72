import { Hono } from "hono";
import { afterEach, describe, expect, it, vi } from "vitest";
import { answerHeaders } from "#http/answer-headers.ts";
import { onError, onNotFound } from "#http/problem.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { type Failure, FailureError } from "#platform/errors.ts";
import { problemOf } from "../harness/answers.ts";
import { call } from "../harness/deployment.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** An app of one route that throws: what any handler's failure becomes. */
async function answerTo(error: unknown): Promise<Response> {
  const app = new Hono<AppEnv>();
  app.use(answerHeaders());
  app.onError(onError);
  app.notFound(onNotFound);
  app.get("/", () => {
    throw error;
  });
  return app.request("/");
}

const FAILURES: [Failure, number][] = [
  [{ kind: "unauthenticated" }, 401],
  [{ kind: "insufficient_scope", scope: "org:admin" }, 403],
  [{ kind: "administrator_only" }, 403],
  [{ kind: "not_found" }, 404],
  [{ kind: "invalid_request", errors: [{ pointer: "/a", message: "is required" }] }, 400],
  [{ kind: "reserved_detail", errors: [{ pointer: "/a", message: "is reserved" }] }, 400],
  [{ kind: "malformed_body", detail: "The body is not JSON." }, 400],
  [{ kind: "body_too_large", bytesMax: 10 }, 413],
  [{ kind: "too_many_spans", spansMax: 10 }, 413],
  [{ kind: "unsupported_media_type", supported: "application/json" }, 415],
  [{ kind: "unsupported_content_encoding" }, 415],
  [{ kind: "org_exists" }, 409],
  [{ kind: "conflict", detail: "Changed meanwhile." }, 409],
  [{ kind: "too_many_holds", holdsMax: 1_000 }, 409],
  [{ kind: "too_many_requests", retryAfterSeconds: 7 }, 429],
  [{ kind: "unavailable", retryAfterSeconds: 7 }, 503],
  [{ kind: "shard_full_for_org", percent: 91, retryAfterSeconds: 7 }, 503],
  [{ kind: "log_full", retryAfterSeconds: 7 }, 503],
  [{ kind: "misconfigured", setting: "MCPG_ADMIN_TOKEN", problem: "is not set" }, 503],
  [{ kind: "internal" }, 500],
];

/** Of failures whose time is not theirs to say. */
const RETRY_AFTER: Partial<Record<Failure["kind"], string>> = {
  ledger_frozen: "300",
  misconfigured: "60",
};

describe("A failure", () => {
  it.each(FAILURES)("%j is a problem of status %i", async (failure, status) => {
    vi.spyOn(console, "error").mockReturnValue();
    const response = await answerTo(new FailureError(failure));
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const { errors, ...problem } = await problemOf(response);
    expect(problem).toEqual({
      type: `urn:mcpg:problem:${failure.kind}`,
      title: expect.stringMatching(/^[A-Z]/),
      status,
      detail: expect.stringMatching(/\.$/),
      code: failure.kind,
      request_id: response.headers.get("x-request-id"),
    });
    expect(errors).toEqual("errors" in failure ? failure.errors : undefined);
    const retryAfter = "retryAfterSeconds" in failure ? "7" : RETRY_AFTER[failure.kind];
    expect(response.headers.get("retry-after")).toBe(retryAfter ?? null);
  });

  it("that nobody foresaw says nothing of itself, to the client or to the log", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    const secret = "SELECT * FROM t WHERE name = 'alice@acme'";
    const response = await answerTo(new Error(secret, { cause: new Error(secret) }));
    expect(response.status).toBe(500);
    const body = await response.text();
    expect(body).not.toContain("alice");
    const line = String(log.mock.calls[0]?.[0]);
    expect(line).toContain(response.headers.get("x-request-id"));
    expect(line).not.toContain("alice");
  });

  it.each([
    "D1_ERROR: Network connection lost.",
    "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
    "D1_ERROR: storage operation exceeded timeout which caused object to be reset.",
    "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.",
    "Cannot resolve D1 DB due to transient issue on remote node.",
  ])("of D1 that passes (%s) is 503 with Retry-After, wrapped or not", async (message) => {
    const error = new Error(message);
    for (const thrown of [error, new Error("Failed query", { cause: error })]) {
      const response = await answerTo(thrown);
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("1");
    }
  });

  it("of D1 that would come again is 500, though a parameter reads like one that passes", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const cause = new Error("D1_ERROR: no such table: orgs");
    const error = new Error("Failed query: … params: overloaded", { cause });
    expect((await answerTo(error)).status).toBe(500);
  });
});

describe("x-request-id", () => {
  it("is fresh on every answer", async () => {
    const ids = await Promise.all(
      ["/healthz", "/nowhere", "/v1/orgs/x"].map(async (path) =>
        (await call("GET", path)).headers.get("x-request-id"),
      ),
    );
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("is the caller's where that is safe, else ours", async () => {
    const send = async (id: string) =>
      (await call("GET", "/healthz", { headers: { "x-request-id": id } })).headers.get(
        "x-request-id",
      );
    expect(await send("req_1234-ABCD.5")).toBe("req_1234-ABCD.5");
    for (const id of ["short", "a".repeat(65), "<script>1", "a b c d e f", "percent%20id"]) {
      expect(await send(id)).not.toBe(id);
    }
  });
});

it("An unknown path or method is a 404 problem", async () => {
  for (const [method, path] of [
    ["GET", "/nowhere"],
    ["PUT", "/v1/orgs"],
    ["GET", "/v1/orgs/acme/nothing"],
  ] as const) {
    const response = await call(method, path);
    expect(response.status).toBe(404);
    expect(await problemOf(response)).toMatchObject({ code: "not_found" });
  }
});
