/**
 * A tool call as we keep it, made from a sample as it was sent: checked, normalised, and given the
 * id and the histogram bucket that it keeps for good.
 */

import { bucketIndex } from "#formats/exponential-histogram.ts";
import { parseTimestampMs } from "#formats/rfc3339.ts";
import { sha256 } from "#formats/sha256.ts";
import { parseUuid7, uuid7FromDigest, uuid7TimeMs } from "#formats/uuid7.ts";
import { HOUR_MS, MINUTE_MS } from "#platform/time.ts";
import { errorFingerprint, errorHash } from "./error-fingerprint.ts";
import { type Outcome, outcomeIndex } from "./outcome.ts";
import { type Rejection, reject, shapeRejection } from "./sample-rejection.ts";
import { type Sample, sample } from "./sample-schema.ts";
import type { CallSide } from "./traced-spans.ts";

/** A sample is accepted from 24 h ago: late enough for a gateway that was cut off overnight. */
export const SAMPLE_AGE_MS_MAX = 24 * HOUR_MS;
/** A sample is accepted to 5 min ahead: the clock skew that NTP-less machines are seen with. */
export const SAMPLE_AHEAD_MS_MAX = 5 * MINUTE_MS;
/** The id's time orders and expires the sample, so it may not stray far from the call's. */
export const ID_SKEW_MS_MAX = HOUR_MS;

/** Who reports, and when the report reached us. */
export interface SampleContext {
  instance: string;
  epochMs: number | null;
  seq: number | null;
  batchId: string | null;
  receivedAtMs: number;
  fingerprintKey: Uint8Array;
  /** Errors of the report by message: they repeat, and hashing and fingerprinting one takes 30 µs. */
  knownErrors: Map<string, KnownError>;
}

interface KnownError {
  hash: string;
  fingerprint: string;
}

export interface Call {
  id: string;
  workspace: string;
  plugin: string;
  tool: string;
  startedAtMs: number;
  durationUs: number;
  outcome: Outcome;
  /** Index into OUTCOMES. */
  outcomeIndex: number;
  /** Index of a bucket of the latency histogram (src/formats/exponential-histogram.ts). */
  bucket: number;
  actor: string | null;
  traceId: string | null;
  spanId: string | null;
  parentSpanId: string | null;
  sessionId: string | null;
  requestId: string | null;
  requestBytes: number | null;
  responseBytes: number | null;
  errorCode: string | null;
  errorHash: string | null;
  errorFingerprint: string | null;
  /** Null for a sample that was no span. */
  span: SpanOrigin | null;
}

/** What a sample has of the span that it was. */
export interface SpanOrigin {
  readonly instance: string;
  readonly side: CallSide;
  /** A caller's call is counted later than it came. */
  readonly receivedAtMs: number;
}

/** The sample as a call, or why it is refused. */
export function parseSample(
  value: unknown,
  index: number,
  context: SampleContext,
): Call | Rejection {
  if (!sample.Check(value)) return shapeRejection(value, index);
  const startedAtMs = parseTimestampMs(value.started_at);
  if (startedAtMs === undefined) {
    return reject(index, "invalid_started_at", "started_at must be an RFC 3339 date-time");
  }
  if (startedAtMs < context.receivedAtMs - SAMPLE_AGE_MS_MAX) {
    return reject(index, "too_old", "started_at is more than 24 hours in the past");
  }
  if (startedAtMs > context.receivedAtMs + SAMPLE_AHEAD_MS_MAX) {
    return reject(index, "too_new", "started_at is more than 5 minutes in the future");
  }
  return withId(value, index, startedAtMs, context);
}

export function isRejection(parsed: Call | Rejection): parsed is Rejection {
  return "code" in parsed;
}

function withId(
  value: Sample,
  index: number,
  startedAtMs: number,
  context: SampleContext,
): Call | Rejection {
  if (isZeroId(value.trace_id)) return reject(index, "invalid_trace_id", "trace_id is all zeros");
  if (isZeroId(value.span_id)) return reject(index, "invalid_span_id", "span_id is all zeros");
  const call = normalise(value, startedAtMs);
  if (typeof value.error_message === "string") addError(call, value.error_message, context);
  if (value.id === undefined || value.id === null) {
    call.id = derivedId(call, index, context);
    return call;
  }
  const id = parseUuid7(value.id);
  if (id === undefined) return reject(index, "invalid_id", "id must be a UUIDv7");
  if (Math.abs(uuid7TimeMs(id) - startedAtMs) > ID_SKEW_MS_MAX) {
    return reject(index, "id_time_mismatch", "the time in id is over an hour from started_at");
  }
  call.id = id;
  return call;
}

function normalise(value: Sample, startedAtMs: number): Call {
  const durationUs = Math.round(value.duration_ms * 1_000);
  return {
    id: "",
    workspace: value.workspace,
    plugin: value.plugin,
    tool: value.tool,
    startedAtMs,
    durationUs,
    outcome: value.outcome,
    outcomeIndex: outcomeIndex(value.outcome),
    bucket: bucketIndex(durationUs),
    actor: value.actor ?? null,
    traceId: value.trace_id?.toLowerCase() ?? null,
    spanId: value.span_id?.toLowerCase() ?? null,
    parentSpanId: parentOf(value),
    sessionId: value.session_id ?? null,
    requestId: value.request_id ?? null,
    requestBytes: value.request_bytes ?? null,
    responseBytes: value.response_bytes ?? null,
    errorCode: value.error_code ?? null,
    errorHash: value.error_hash?.toLowerCase() ?? null,
    errorFingerprint: null,
    span: null,
  };
}

/** The message itself stops here: its hash finds equal messages, its fingerprint groups alike ones. */
function addError(call: Call, message: string, context: SampleContext): void {
  const known = context.knownErrors.get(message) ?? {
    hash: errorHash(message),
    fingerprint: errorFingerprint(context.fingerprintKey, message),
  };
  context.knownErrors.set(message, known);
  call.errorHash = known.hash;
  call.errorFingerprint = known.fingerprint;
}

/** All zeros is how a root span's parent is written in protobuf: it has none. */
function parentOf({ parent_span_id: parent }: Sample): string | null {
  return typeof parent === "string" && !isZeroId(parent) ? parent.toLowerCase() : null;
}

/** W3C Trace Context §3.2.2.3: an id of zeros is invalid. */
function isZeroId(id: string | null | undefined): boolean {
  return typeof id === "string" && /^0+$/.test(id);
}

const encoder = new TextEncoder();

/**
 * An id that a resend derives again. It is made of the report's name, the sample's place in the report and
 * what the sample says, and of nothing that a key, a bucket rule or a later version of this code decides. A
 * report without a name has no places either, so its identical samples are one. Payloads are left out: they
 * may be megabytes, or nested deeper than a serialiser's stack.
 */
function derivedId(call: Call, index: number, context: SampleContext): string {
  const report =
    context.batchId ??
    (context.epochMs !== null && context.seq !== null ? [context.epochMs, context.seq] : null);
  const { workspace, plugin, tool, startedAtMs, durationUs, outcome } = call;
  const { actor, traceId, spanId, sessionId, requestId, requestBytes, responseBytes } = call;
  const { errorCode, errorHash: hash, parentSpanId } = call;
  const content = JSON.stringify([
    [context.instance, report, report === null ? null : index],
    [workspace, plugin, tool, startedAtMs, durationUs, outcome],
    [actor, traceId, spanId, sessionId, requestId, requestBytes, responseBytes],
    [errorCode, hash],
    // What came later is only in where it is given, so that ids stay what they were.
    ...(parentSpanId === null ? [] : [parentSpanId]),
  ]);
  return uuid7FromDigest(call.startedAtMs, sha256(encoder.encode(content)));
}
