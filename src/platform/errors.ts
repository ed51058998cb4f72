/**
 * Every failure this service can answer with, as data. Code throws a failure with its evidence and never
 * names a status: http/problem-table.ts gives each its own. What is not a failure of this list is
 * `internal`, and nothing about it leaves the Worker.
 */

export interface ValidationError {
  /** RFC 6901, into the body; for a query parameter, `/<name>`. */
  pointer: string;
  message: string;
}

/** What is wrong with a policy, and where: offsets count the UTF-8 bytes of the text. */
export interface PolicyFault extends ValidationError {
  readonly help?: string;
  readonly policy_id?: string;
  readonly line?: number;
  readonly column?: number;
  readonly offset?: number;
  readonly end_offset?: number;
}

/**
 * Of many errors the first are told: as many as a reader can act on, so that an answer is short whatever was
 * sent.
 */
export const ERRORS_MAX = 20;

export type Failure =
  /** `challenge`: what WWW-Authenticate says where it is more than "Bearer". */
  | { kind: "unauthenticated"; challenge?: string }
  | { kind: "insufficient_scope"; scope: string; challenge?: string }
  | { kind: "origin_not_allowed" }
  | { kind: "issuer_unavailable"; retryAfterSeconds: number }
  | { kind: "administrator_only" }
  | { kind: "not_entitled"; entitlement: string }
  | { kind: "cross_site_request" }
  | { kind: "not_found" }
  | { kind: "no_checkpoint" }
  | { kind: "invalid_request"; errors: ValidationError[] }
  | { kind: "malformed_body"; detail: string }
  | { kind: "body_too_large"; bytesMax: number }
  | { kind: "too_many_spans"; spansMax: number }
  | { kind: "unsupported_media_type"; supported: string }
  | { kind: "unsupported_content_encoding" }
  | { kind: "org_exists" }
  | { kind: "conflict"; detail: string }
  | { kind: "reserved_action"; errors: ValidationError[] }
  | { kind: "reserved_detail"; errors: ValidationError[] }
  | { kind: "stream_disabled"; errors: ValidationError[] }
  | { kind: "invalid_policy"; errors: PolicyFault[] }
  | { kind: "too_many_holds"; holdsMax: number }
  | { kind: "not_yet_signed"; retryAfterSeconds: number }
  | { kind: "pruned" }
  | { kind: "payload_destroyed" }
  | { kind: "payload_refused" }
  | { kind: "ledger_frozen"; reason: string }
  | { kind: "log_contradicted"; reason: string }
  | { kind: "too_many_requests"; retryAfterSeconds: number }
  | { kind: "too_many_sign_ins"; retryAfterSeconds: number }
  | { kind: "unavailable"; retryAfterSeconds: number }
  | { kind: "shard_full_for_org"; percent: number; retryAfterSeconds: number }
  | { kind: "log_full"; retryAfterSeconds: number }
  | { kind: "misconfigured"; setting: string; problem: string }
  | { kind: "internal" };

export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.kind, options);
    this.name = "FailureError";
    this.failure = failure;
  }
}

/** Throws from an expression: `row ?? fail({ kind: "not_found" })`. */
export function fail(failure: Failure): never {
  throw new FailureError(failure);
}

export function isMisconfigured(error: unknown): boolean {
  return error instanceof FailureError && error.failure.kind === "misconfigured";
}
