/** A report of tool calls from request body to durable: parse, check each sample, store, answer. */
import * as Type from "typebox";
import { deriveFingerprintKey } from "../domain/error-fingerprint.ts";
import {
  type Invocation,
  isRejection,
  parseInvocation,
  type ReportContext,
  SAMPLE_AHEAD_MS_MAX,
} from "../domain/invocation.ts";
import { type ReportEnvelope, reportEnvelope } from "../domain/invocation-schema.ts";
import type { Org } from "../domain/org.ts";
import type { Rejection } from "../domain/sample-rejection.ts";
import { type Env, settingsOf, shardDatabase } from "../env.ts";
import { fail } from "../errors.ts";
import { parseTimestampMs } from "../spec/rfc3339.ts";
import { insertReport } from "../store/ingest.ts";
import { validate } from "./validate.ts";

export const IngestAnswerSchema = Type.Object({
  accepted: Type.Integer(),
  duplicates: Type.Integer(),
  rejected: Type.Array(
    Type.Object({ index: Type.Integer(), code: Type.String(), message: Type.String() }),
  ),
});

type IngestAnswer = Type.Static<typeof IngestAnswerSchema>;

export async function ingestReport(
  env: Env,
  org: Org,
  body: unknown,
  receivedAtMs: number,
): Promise<IngestAnswer> {
  const envelope = validate(reportEnvelope, body);
  const context = reportContext(env, org, envelope, receivedAtMs);
  const { invocations, indexes, duplicates, rejected } = parseSamples(
    envelope.invocations,
    context,
  );
  const header = { ...context, dropped: envelope.dropped ?? null };
  const result = await insertReport(shardDatabase(env, org.shard), org, header, [
    ...invocations.values(),
  ]);
  if (result.kind === "org_gone") return fail({ kind: "not_found" });
  if (result.kind === "contended") return fail({ kind: "unavailable", retryAfterSeconds: 1 });
  const pruned = result.pruned.map(({ id }) => ({
    index: indexes.get(id) ?? 0,
    code: "too_old",
    message: "samples of that time are no longer kept",
  }));
  return {
    accepted: result.accepted,
    duplicates: duplicates + result.duplicates,
    rejected: [...rejected, ...pruned],
  };
}

interface ParsedSamples {
  /** By id: of copies within a report the first counts. */
  invocations: Map<string, Invocation>;
  /** Where in the report each of them stands. */
  indexes: Map<string, number>;
  duplicates: number;
  rejected: Rejection[];
}

function parseSamples(samples: readonly unknown[], context: ReportContext): ParsedSamples {
  const parsed: ParsedSamples = {
    invocations: new Map(),
    indexes: new Map(),
    duplicates: 0,
    rejected: [],
  };
  for (const [index, sample] of samples.entries()) {
    const invocation = parseInvocation(sample, index, context);
    if (isRejection(invocation)) parsed.rejected.push(invocation);
    else if (parsed.invocations.has(invocation.id)) parsed.duplicates += 1;
    else {
      parsed.invocations.set(invocation.id, invocation);
      parsed.indexes.set(invocation.id, index);
    }
  }
  return parsed;
}

function reportContext(
  env: Env,
  org: Org,
  envelope: ReportEnvelope,
  receivedAtMs: number,
): ReportContext {
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

/** Deriving costs two hashes; an isolate serves few orgs, and a key is 32 bytes. */
const FINGERPRINT_KEYS_MAX = 1_000;
const fingerprintKeys = new Map<string, Uint8Array>();

function fingerprintKey(env: Env, org: string): Uint8Array {
  const known = fingerprintKeys.get(org);
  if (known !== undefined) return known;
  const key = deriveFingerprintKey(settingsOf(env).payloadKek, org);
  if (fingerprintKeys.size >= FINGERPRINT_KEYS_MAX) fingerprintKeys.clear();
  fingerprintKeys.set(org, key);
  return key;
}
