/** A report of tool calls from request body to durable: parse, check each sample, store, answer. */
import * as Type from "typebox";
import { insertReport } from "#calls/store/insert-calls.ts";
import { parseTimestampMs } from "#formats/rfc3339.ts";
import { validate } from "#http/validate.ts";
import type { Org } from "#orgs/org.ts";
import { type Env, shardDatabase } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { streamsOf } from "#streams/streams-of.ts";
import { fingerprintKey } from "#vault/fingerprint-key.ts";
import {
  type Call,
  isRejection,
  parseSample,
  SAMPLE_AHEAD_MS_MAX,
  type SampleContext,
} from "./call.ts";
import { PRUNED_TIME, type Rejection, reject, STREAM_DISABLED } from "./sample-rejection.ts";
import { type ReportEnvelope, reportEnvelope } from "./sample-schema.ts";

export const RecordedSchema = Type.Object({
  accepted: Type.Integer(),
  duplicates: Type.Integer(),
  rejected: Type.Array(
    Type.Object({ index: Type.Integer(), code: Type.String(), message: Type.String() }),
  ),
});

type Recorded = Type.Static<typeof RecordedSchema>;

export async function recordReport(
  env: Env,
  org: Org,
  body: unknown,
  receivedAtMs: number,
): Promise<Recorded> {
  const envelope = validate(reportEnvelope, body);
  const { metrics } = await streamsOf(env, org.org);
  if (!metrics.enabled) return disabledAnswer(envelope);
  const context = reportContext(env, org, envelope, receivedAtMs);
  const { calls, indexes, duplicates, rejected } = parseSamples(envelope.invocations, context);
  const header = { ...context, dropped: envelope.dropped ?? null };
  const result = await insertReport(shardDatabase(env, org.shard), org, header, [
    ...calls.values(),
  ]);
  if (result.kind === "org_gone") return fail({ kind: "not_found" });
  if (result.kind === "contended") return fail({ kind: "unavailable", retryAfterSeconds: 1 });
  const pruned = result.pruned.map(({ id }) => reject(indexes.get(id) ?? 0, ...PRUNED_TIME));
  return {
    accepted: result.accepted,
    duplicates: duplicates + result.duplicates,
    rejected: [...rejected, ...pruned],
  };
}

/** Nothing is kept, so that the instance is not even known to have reported. */
function disabledAnswer({ invocations }: ReportEnvelope): Recorded {
  const rejected = invocations.map((_, index) => reject(index, ...STREAM_DISABLED));
  return { accepted: 0, duplicates: 0, rejected };
}

interface ParsedSamples {
  /** By id: of copies within a report the first counts. */
  calls: Map<string, Call>;
  /** Where in the report each of them stands. */
  indexes: Map<string, number>;
  duplicates: number;
  rejected: Rejection[];
}

function parseSamples(samples: readonly unknown[], context: SampleContext): ParsedSamples {
  const parsed: ParsedSamples = {
    calls: new Map(),
    indexes: new Map(),
    duplicates: 0,
    rejected: [],
  };
  for (const [index, sample] of samples.entries()) {
    const call = parseSample(sample, index, context);
    if (isRejection(call)) parsed.rejected.push(call);
    else if (parsed.calls.has(call.id)) parsed.duplicates += 1;
    else {
      parsed.calls.set(call.id, call);
      parsed.indexes.set(call.id, index);
    }
  }
  return parsed;
}

function reportContext(
  env: Env,
  org: Org,
  envelope: ReportEnvelope,
  receivedAtMs: number,
): SampleContext {
  const epoch = envelope.epoch ?? null;
  const epochMs = epoch === null ? null : parseTimestampMs(epoch);
  if (epochMs === undefined) {
    const message = "must be an RFC 3339 date-time or epoch milliseconds";
    return fail({ kind: "invalid_request", errors: [{ pointer: "/epoch", message }] });
  }
  if (epochMs !== null && epochMs > receivedAtMs + SAMPLE_AHEAD_MS_MAX) {
    // Kept, it would outlive every true epoch of the instance.
    const message = "must not be more than 5 minutes in the future";
    return fail({ kind: "invalid_request", errors: [{ pointer: "/epoch", message }] });
  }
  return {
    instance: envelope.instance_id,
    epochMs,
    seq: envelope.seq ?? null,
    batchId: envelope.batch_id ?? null,
    receivedAtMs,
    fingerprintKey: fingerprintKey(env, org.org),
    knownErrors: new Map(),
  };
}
