/** Failures as `application/problem+json` (RFC 9457). Nothing else of an error leaves the Worker. */
import { isStorageFull, isTransientD1Error } from "#platform/d1/d1-errors.ts";
import { type Failure, FailureError } from "#platform/errors.ts";
import { logError } from "#platform/log-error.ts";
import { problemOf } from "./problem-table.ts";

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

/** As much of a context as an error needs. */
interface Answering {
  readonly var: { readonly requestId: string };
}

export function onError(error: Error, c: Answering): Response {
  return problemResponse(toldFailure(error, c.var.requestId), c.var.requestId);
}

/** Room is made by a person, or by the cron as retention ends: not within seconds. */
const FULL_RETRY_SECONDS = 60;

/** The failure that is told of an error. An error that the failure does not explain is logged. */
export function toldFailure(error: Error, requestId: string): Failure {
  const failure = failureOf(error);
  if (isUnexplained(error, failure)) logError(error, { request_id: requestId });
  return failure;
}

/**
 * True if nothing in the answer says why: for an unknown error, and for one that is told as "unavailable"
 * and has a cause other than a transient D1 error.
 */
function isUnexplained(error: Error, failure: Failure): boolean {
  if (failure.kind === "internal" || isStorageFull(error)) return true;
  return failure.kind === "unavailable" && error.cause !== undefined && !isTransientD1Error(error);
}

export function onNotFound(c: Answering): Response {
  return problemResponse({ kind: "not_found" }, c.var.requestId);
}

/** A transient D1 error says nothing about the request: sending it again is the cure. */
function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  if (isTransientD1Error(error)) return { kind: "unavailable", retryAfterSeconds: 1 };
  if (isStorageFull(error)) return { kind: "unavailable", retryAfterSeconds: FULL_RETRY_SECONDS };
  return { kind: "internal" };
}
