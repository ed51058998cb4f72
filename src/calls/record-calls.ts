/** Records calls as one instance reports them: each sample checked by itself, all made durable at once. */

import { spanOfCall } from "#calls/pairing/told-calls.ts";
import { type InsertResult, insertReports } from "#calls/store/insert-calls.ts";
import type { ReportedCalls } from "#calls/store/insert-statements.ts";
import { isKnownToSend } from "#calls/store/pairing/paired-orgs.ts";
import { insertLinks, noteSamples } from "#calls/store/pairing/pairing-writes.ts";
import { type TracedRequest, UNTRACED } from "#calls/store/traced-request.ts";
import { parseTimestampMs } from "#formats/rfc3339.ts";
import type { Org } from "#orgs/org.ts";
import { refuseForSpace } from "#orgs/space/shard-space.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { inSlices } from "#platform/slices.ts";
import { streamsOf } from "#streams/streams-of.ts";
import {
  type Call,
  isRejection,
  parseSample,
  SAMPLE_AHEAD_MS_MAX,
  type SampleContext,
} from "./call.ts";
import { type CallPayload, keepPayloads, movePayloads } from "./call-payload.ts";
import { messageKey } from "./message-key.ts";
import { PRUNED_TIME, type Rejection, reject, STREAM_DISABLED } from "./sample-rejection.ts";
import type { Sample } from "./sample-schema.ts";
import type { TracedSpan } from "./traced-spans.ts";

export interface CallReport {
  instance: string;
  /** When the instance started, RFC 3339 or epoch milliseconds; null where it does not say. */
  epoch: string | number | null;
  /** Counts the instance's reports from 0 within its epoch. */
  seq: number | null;
  /** Samples that the instance lost, cumulative within its epoch. */
  dropped: number | null;
  /** The instance's goodbye: it has departed, until a later report of it. */
  isFinal: boolean;
  /** Names the report, so that a resend is recognised. */
  batchId: string | null;
  /** At most 1,000 samples (REPORT_SAMPLES_MAX), of which each is checked. */
  samples: readonly unknown[];
  /**
   * By a sample's id, a span within the call that leads down to another's of the same call, as a gateway's request
   * to the server does. Such samples are told apart from the start, whether or not the org is known to send spans.
   */
  innerSpans?: ReadonlyMap<string, string>;
}

const NO_SPANS: ReadonlyMap<string, string> = new Map();

/** accepted + duplicates + rejected is what was reported. */
export interface Recorded {
  accepted: number;
  duplicates: number;
  rejected: Rejection[];
  /** Fields of payloads that are not kept. */
  payloadsDiscarded: number;
}

/**
 * Resolves once what it accepts is durable. Fails with `invalid_request` for an epoch that is none,
 * `not_found` where the org was deleted or moved meanwhile, `shard_full_for_org` where the shard has no room
 * for samples of this org, and `unavailable` where copies of the report
 * got into each other's way too often.
 */
export async function recordCalls(
  env: Env,
  org: Org,
  report: CallReport,
  receivedAtMs: number,
): Promise<Recorded> {
  const { metrics } = await streamsOf(env, org.org);
  if (!metrics.enabled) return disabled(report);
  const context = {
    ...report,
    epochMs: parseEpoch(report.epoch, receivedAtMs),
    receivedAtMs,
    fingerprintKey: await messageKey(env, org, report.samples),
    knownErrors: new Map(),
  };
  const parsed = await parseSamples(report.samples, context);
  const { calls, indexes, duplicates, rejected } = parsed;
  const payloads = await keepPayloads(env, org, parsed.payloads);
  const db = shardDatabase(env, org.shard);
  const list = [...calls.values()];
  const { innerSpans = NO_SPANS } = report;
  const result = await insertPaired(
    db,
    org,
    { header: context, calls: list, payloads },
    innerSpans,
  );
  if (result.kind === "paired") return fail({ kind: "unavailable", retryAfterSeconds: 1 });
  if (result.kind === "org_gone") return fail({ kind: "not_found" });
  if (result.kind === "refused") return refuseForSpace(env, org);
  if (result.kind === "contended") return fail({ kind: "unavailable", retryAfterSeconds: 1 });
  await moveToCounted(env, org, result.countedElsewhere);
  const pruned = result.pruned.map(({ id }) => reject(indexes.get(id) ?? 0, ...PRUNED_TIME));
  return {
    accepted: result.accepted,
    duplicates: duplicates + result.duplicates,
    rejected: [...rejected, ...pruned],
    payloadsDiscarded: payloads.discarded,
  };
}

/** What others keep of calls that another's sample counts is that sample's. Whoever reports them again does it again. */
async function moveToCounted(
  env: Env,
  org: Org,
  countedElsewhere: ReadonlyMap<string, string | null>,
): Promise<void> {
  const moved = Array.from(countedElsewhere).flatMap(([id, sampleId]) =>
    sampleId === null ? [] : [{ id, sampleId }],
  );
  const writes = await movePayloads(env, org, moved);
  if (writes.length > 0) await shardDatabase(env, org.shard).batch([...writes]);
}

/** As if there were no spans, in an org that is not known to send any, until it turns out that it does. */
async function insertPaired(
  db: D1Database,
  org: Org,
  report: ReportedCalls,
  innerSpans: ReadonlyMap<string, string>,
): Promise<InsertResult> {
  const { header, calls } = report;
  const isTraced = calls.some(({ traceId, spanId }) => traceId !== null && spanId !== null);
  if (!isTraced) return insertReports(db, org, [report]);
  if (innerSpans.size === 0 && !isKnownToSend(org, "spans")) {
    const alone = { ...UNTRACED, unless: "spans" as const };
    const result = await insertReports(db, org, [report], alone);
    if (result.kind !== "paired") return result;
  }
  const traced = tracedSamples(db, org, calls, { receivedAtMs: header.receivedAtMs, innerSpans });
  return insertReports(db, org, [report], traced);
}

/** Samples that name their trace and span are of the calls that spans tell of, as their servers'. */
function tracedSamples(
  db: D1Database,
  org: Org,
  calls: readonly Call[],
  { receivedAtMs, innerSpans }: { receivedAtMs: number; innerSpans: ReadonlyMap<string, string> },
): TracedRequest {
  const traced = new Map<string, TracedSpan>();
  for (const call of calls) {
    const span = spanOfCall(call, "undecided");
    if (span !== null) traced.set(call.id, span);
  }
  if (traced.size === 0) return UNTRACED;
  const spans = [...traced.values(), ...innerOf(traced, innerSpans)];
  const links = insertLinks(db, org, receivedAtMs, spans, innerSpans.size > 0);
  return {
    spans,
    calls: traced,
    writes: [noteSamples(db, org, receivedAtMs), ...links],
    own: [],
    isWaiting: false,
  };
}

/** Tell of no call themselves: only of what hangs together. */
function innerOf(
  traced: ReadonlyMap<string, TracedSpan>,
  innerSpans: ReadonlyMap<string, string>,
): TracedSpan[] {
  return Array.from(traced).flatMap(([id, { traceId, spanId: parentSpanId }]) => {
    const spanId = innerSpans.get(id);
    return spanId === undefined ? [] : [{ traceId, spanId, parentSpanId, links: [], told: null }];
  });
}

/** Nothing is kept of the report, so that the instance is not even known to have reported. */
function disabled({ samples }: CallReport): Recorded {
  const rejected = samples.map((_, index) => reject(index, ...STREAM_DISABLED));
  return { accepted: 0, duplicates: 0, rejected, payloadsDiscarded: 0 };
}

function parseEpoch(epoch: string | number | null, receivedAtMs: number): number | null {
  const epochMs = epoch === null ? null : parseTimestampMs(epoch);
  if (epochMs === undefined) {
    return refuseEpoch("must be an RFC 3339 date-time or epoch milliseconds");
  }
  // An epoch that is ahead would, if it were kept, outlive every true epoch of the instance.
  const isAhead = epochMs !== null && epochMs > receivedAtMs + SAMPLE_AHEAD_MS_MAX;
  return isAhead ? refuseEpoch("must not be more than 5 minutes in the future") : epochMs;
}

function refuseEpoch(message: string): never {
  return fail({ kind: "invalid_request", errors: [{ pointer: "/epoch", message }] });
}

interface ParsedSamples {
  /** Calls by id: of copies within a report the first counts. */
  calls: Map<string, Call>;
  /** Where in the report each call stands, by id. */
  indexes: Map<string, number>;
  duplicates: number;
  rejected: Rejection[];
  payloads: CallPayload[];
}

async function parseSamples(
  samples: readonly unknown[],
  context: SampleContext,
): Promise<ParsedSamples> {
  const parsed: ParsedSamples = {
    calls: new Map(),
    indexes: new Map(),
    duplicates: 0,
    rejected: [],
    payloads: [],
  };
  const costUs = ([, sample]: [number, unknown]) => sampleCostUs(sample);
  await inSlices(samples.entries(), costUs, ([index, sample]) => {
    const call = parseSample(sample, index, context);
    if (isRejection(call)) parsed.rejected.push(call);
    else if (parsed.calls.has(call.id)) parsed.duplicates += 1;
    else {
      parsed.calls.set(call.id, call);
      parsed.indexes.set(call.id, index);
      addPayload(parsed.payloads, call, sample as Sample);
    }
  });
  return parsed;
}

function addPayload(payloads: CallPayload[], call: Call, sample: Sample): void {
  const { request_payload: request = null, response_payload: response = null } = sample;
  if (request === null && response === null) return;
  const { id, workspace, plugin, tool } = call;
  payloads.push({ id, workspace, plugin, tool, request, response });
}

/** A derived id takes 20 µs, hash and fingerprint of a message a quarter of one a character. */
function sampleCostUs(sample: unknown): number {
  const { error_message } = (sample ?? {}) as { error_message?: unknown };
  return 20 + (typeof error_message === "string" ? error_message.length / 4 : 0);
}
