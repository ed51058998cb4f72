/** The one table that makes an RFC 9457 problem of a failure. */
import type { Failure, ValidationError } from "#platform/errors.ts";

/** The members of a problem that depend on the failure alone; HTTP adds `type` and `request_id`. */
export interface Problem {
  status: number;
  title: string;
  detail: string;
  headers?: Record<string, string>;
  errors?: ValidationError[];
}

const BAD_REQUEST = { status: 400, title: "Bad Request" };
const FORBIDDEN = { status: 403, title: "Forbidden" };
const NOT_FOUND = { status: 404, title: "Not Found" };
const CONFLICT = { status: 409, title: "Conflict" };
const GONE = { status: 410, title: "Gone" };
const UNSUPPORTED = { status: 415, title: "Unsupported Media Type" };
const INTERNAL = { status: 500, title: "Internal Server Error" };

const RESERVED_ACTION = "The actions operator.* and ledger.* are this service's own.";
const RESERVED_DETAIL = "Details whose names begin with mcpg. are this service's own.";
const STREAM_DISABLED =
  "The org has disabled this stream (…/observability): nothing of the request was written.";
const INVALID_POLICY =
  "The policies do not parse, or do not validate: the policy in force is what it was.";
const CROSS_SITE =
  "A session is for the pages of this service: what came from elsewhere needs a token of its own.";
const UNSIGNED =
  "Nothing of this log is signed yet: its head is, within a minute of its first entry.";
const ROOM_ADVICE = "Shorten its retention (PATCH /v1/orgs/{org}), or have the operator make room.";
const LOG_FULL =
  "The audit log has as many bytes as it may have: what room is left is for what this service records itself. It takes entries again once retention has removed old ones; a shorter retention holds for later entries only, so ask the operator.";
const PAYLOAD_REFUSED =
  "The payload was altered, or belongs elsewhere: it is not shown. The org's ledger has an entry of it.";
const PAYLOAD_DESTROYED = "The key that the payload was sealed with is destroyed.";
const FROZEN_ADVICE = "until the administrator recovers it (POST …/audit/recover)";

/**
 * The table. `code` is the failure's kind, so a code cannot drift from its meaning.
 * `not_found` carries no evidence on purpose: a stranger's org and a missing one answer alike.
 */
export function problemOf(failure: Failure): Problem {
  switch (failure.kind) {
    case "unauthenticated":
    case "insufficient_scope":
    case "administrator_only":
    case "not_entitled":
    case "origin_not_allowed":
    case "cross_site_request":
    case "issuer_unavailable":
    case "too_many_sign_ins":
      return problemOfAccess(failure);
    case "not_found":
      return { ...NOT_FOUND, detail: "There is nothing here for this token." };
    case "no_checkpoint":
      return { ...NOT_FOUND, detail: UNSIGNED };
    case "conflict":
      return { ...CONFLICT, detail: failure.detail };
    case "not_yet_signed":
      return {
        ...CONFLICT,
        detail: "The entry is in the log; no signed checkpoint covers it yet.",
        headers: { "retry-after": String(failure.retryAfterSeconds) },
      };
    case "pruned":
      return { ...GONE, detail: "Retention has removed these entries." };
    case "ledger_frozen":
    case "log_contradicted":
    case "too_many_holds":
    case "payload_destroyed":
    case "payload_refused":
      return problemOfLog(failure);
    case "too_many_requests":
      return {
        status: 429,
        title: "Too Many Requests",
        detail: "The org's request rate is exceeded.",
        headers: { "retry-after": String(failure.retryAfterSeconds) },
      };
    case "unavailable":
      return unavailable(
        failure.retryAfterSeconds,
        "The service cannot answer now; the same request may be sent again.",
      );
    case "shard_full_for_org":
      return unavailable(failure.retryAfterSeconds, fullShardDetail(failure.percent));
    case "log_full":
      return unavailable(failure.retryAfterSeconds, LOG_FULL);
    case "misconfigured":
      // An operator has to mend it. Until then senders keep what they have to send, which a 500 would lose.
      return unavailable(60, `The deployment's ${failure.setting} ${failure.problem}.`);
    case "internal":
      return { ...INTERNAL, detail: "An internal error occurred." };
    default:
      return problemOfBody(failure);
  }
}

type AccessFailure = Extract<
  Failure,
  {
    kind:
      | "unauthenticated"
      | "insufficient_scope"
      | "administrator_only"
      | "not_entitled"
      | "origin_not_allowed"
      | "cross_site_request"
      | "issuer_unavailable"
      | "too_many_sign_ins";
  }
>;

/** The part of the table that is about who calls. */
function problemOfAccess(failure: AccessFailure): Problem {
  switch (failure.kind) {
    case "unauthenticated":
      return {
        status: 401,
        title: "Unauthorized",
        detail: "A valid bearer token is required: it is missing, unknown, expired or revoked.",
        headers: { "www-authenticate": failure.challenge ?? "Bearer" },
      };
    case "insufficient_scope":
      return {
        ...FORBIDDEN,
        detail: `The token lacks the scope ${failure.scope}.`,
        ...(failure.challenge && { headers: { "www-authenticate": failure.challenge } }),
      };
    case "administrator_only":
      return { ...FORBIDDEN, detail: "Only the deployment's administrator may do this." };
    case "not_entitled":
      return { ...FORBIDDEN, detail: `The org is not entitled to ${failure.entitlement}.` };
    case "origin_not_allowed":
      return { ...FORBIDDEN, detail: "Web pages of this origin may not call here." };
    case "cross_site_request":
      return { ...FORBIDDEN, detail: CROSS_SITE };
    case "too_many_sign_ins":
      return {
        status: 429,
        title: "Too Many Requests",
        detail: "There were too many attempts to sign in: try again later.",
        headers: { "retry-after": String(failure.retryAfterSeconds) },
      };
    case "issuer_unavailable":
      return unavailable(
        failure.retryAfterSeconds,
        "The signing keys of the token's issuer cannot be had now; the same request may be sent again.",
      );
  }
}

type LogFailure = Extract<
  Failure,
  {
    kind:
      | "ledger_frozen"
      | "log_contradicted"
      | "too_many_holds"
      | "payload_destroyed"
      | "payload_refused";
  }
>;

/** The part of the table that is about the state of what is kept: an audit log, a sealed payload. */
function problemOfLog(failure: LogFailure): Problem {
  if (failure.kind === "payload_destroyed") return { ...GONE, detail: PAYLOAD_DESTROYED };
  if (failure.kind === "payload_refused") return { ...INTERNAL, detail: PAYLOAD_REFUSED };
  if (failure.kind === "too_many_holds") {
    return { ...CONFLICT, detail: tooManyHolds(failure.holdsMax) };
  }
  const { kind, reason } = failure;
  if (kind === "log_contradicted") {
    return {
      ...INTERNAL,
      detail: `The audit log cannot prove this, so it is not served: ${reason}.`,
    };
  }
  const detail = `The audit log is frozen and takes no entries, ${FROZEN_ADVICE}: ${reason}.`;
  return unavailable(300, detail);
}

type BodyFailure = Extract<
  Failure,
  {
    kind:
      | "org_exists"
      | "reserved_action"
      | "reserved_detail"
      | "stream_disabled"
      | "invalid_policy"
      | "invalid_request"
      | "malformed_body"
      | "body_too_large"
      | "too_many_spans"
      | "unsupported_media_type"
      | "unsupported_content_encoding";
  }
>;

/** The part of the table that is about what the client sent. */
function problemOfBody(failure: BodyFailure): Problem {
  switch (failure.kind) {
    case "invalid_request":
      return { ...BAD_REQUEST, detail: "The request is not valid.", errors: failure.errors };
    case "org_exists":
      return { ...CONFLICT, detail: "The org's name is taken; a deleted one is not given again." };
    case "reserved_action":
      return { ...BAD_REQUEST, detail: RESERVED_ACTION, errors: failure.errors };
    case "reserved_detail":
      return { ...BAD_REQUEST, detail: RESERVED_DETAIL, errors: failure.errors };
    case "stream_disabled":
      return { ...CONFLICT, detail: STREAM_DISABLED, errors: failure.errors };
    case "invalid_policy":
      return { ...BAD_REQUEST, detail: INVALID_POLICY, errors: failure.errors };
    case "malformed_body":
      return { ...BAD_REQUEST, detail: failure.detail };
    case "body_too_large":
      return {
        status: 413,
        title: "Content Too Large",
        detail: `The body may have ${failure.bytesMax} bytes, after decompression.`,
      };
    case "too_many_spans":
      return {
        status: 413,
        title: "Content Too Large",
        detail: `A request may have ${failure.spansMax} spans.`,
      };
    case "unsupported_media_type":
      return { ...UNSUPPORTED, detail: `The content type must be ${failure.supported}.` };
    case "unsupported_content_encoding":
      return {
        ...UNSUPPORTED,
        detail: "The content encoding must be gzip, zstd or identity, one of them.",
        headers: { "accept-encoding": "gzip, zstd" },
      };
  }
}

function unavailable(retryAfterSeconds: number, detail: string): Problem {
  return {
    status: 503,
    title: "Service Unavailable",
    detail,
    headers: { "retry-after": String(retryAfterSeconds) },
  };
}

function tooManyHolds(holdsMax: number): string {
  return `The log has ${holdsMax} legal holds in force, as many as it may have: each of them holds all of the log. Release one that another makes needless.`;
}

function fullShardDetail(percent: number): string {
  return `This org is the largest on a shard that is ${percent} % full, so that its samples and spans are refused until there is room. ${ROOM_ADVICE}`;
}
