/** Failures as `application/problem+json` (RFC 9457). Nothing else of an error leaves the Worker. */
import type { Context } from "hono";
import { type Failure, FailureError, problemOf } from "../errors.ts";
import { isTransientD1Error } from "../store/d1-errors.ts";
import type { AppEnv } from "./app-env.ts";

export function problemResponse(failure: Failure, requestId: string): Response {
  const { status, title, detail, headers, errors } = problemOf(failure);
  const body = {
    type: `urn:mcpg:problem:${failure.kind}`,
    title,
    status,
    detail,
    code: failure.kind,
    request_id: requestId,
    ...(errors && { errors }),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...headers,
    },
  });
}

export function onError(error: Error, c: Context<AppEnv>): Response {
  const failure = failureOf(error);
  if (failure.kind === "internal") logInternal(error, c.var.requestId);
  return problemResponse(failure, c.var.requestId);
}

export function onNotFound(c: Context<AppEnv>): Response {
  return problemResponse({ kind: "not_found" }, c.var.requestId);
}

/** A transient D1 error says nothing about the request: sending it again is the cure. */
function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  if (isTransientD1Error(error)) return { kind: "unavailable", retryAfterSeconds: 1 };
  return { kind: "internal" };
}

/**
 * The error's class and where it was thrown, never its message: a query's error quotes its
 * parameters, a parser's its input, and either may be a tenant's data.
 */
function logInternal(error: Error, requestId: string): void {
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  // biome-ignore lint/suspicious/noConsole: Workers Logs is the only place to send this to
  console.error(
    JSON.stringify({
      level: "error",
      code: "internal",
      request_id: requestId,
      error: error.name,
      frames: frames.slice(0, 12).map((frame) => frame.trim()),
    }),
  );
}
