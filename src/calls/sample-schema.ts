/**
 * The one description of a report of tool calls: it validates
 * requests and is the OpenAPI schema. Compiled when the module loads, because workerd allows code
 * generation at start-up only; a compiled check costs 1 µs a sample, an interpreted one 6 µs.
 */

import * as Type from "typebox";
import { Compile } from "typebox/schema";
import { STORABLE_TEXT } from "#platform/text-patterns.ts";
import { DAY_MS } from "#platform/time.ts";
import { TIMESTAMP } from "#platform/timestamp-schema.ts";
import { OUTCOMES } from "./outcome.ts";

/** Enough for a gateway's busiest second; keeps one request's transaction within tens of milliseconds. */
export const REPORT_SAMPLES_MAX = 1_000;
export const DURATION_MS_MAX = DAY_MS;

const Name = Type.String({ minLength: 1, maxLength: 128, pattern: STORABLE_TEXT });

const nullable = (schema: object) =>
  Type.Optional(Type.Unsafe<string | null>({ type: ["string", "null"], ...schema }));
const OptionalText = nullable({ maxLength: 256, pattern: STORABLE_TEXT });
const OptionalHex = (digits: number) => nullable({ pattern: `^[0-9a-fA-F]{${digits}}$` });
const OptionalBytes = Type.Optional(
  Type.Unsafe<number | null>({
    type: ["integer", "null"],
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  }),
);

export const SampleSchema = Type.Object(
  {
    id: nullable({
      description:
        "UUIDv7 within an hour of started_at. Derived when absent: from batch_id, else epoch and seq, and the place in the report; with none of these from the content, so that equal samples of one instance are one",
    }),
    workspace: Name,
    plugin: Name,
    tool: Name,
    started_at: Type.Unsafe<string | number>(TIMESTAMP),
    duration_ms: Type.Number({ minimum: 0, maximum: DURATION_MS_MAX }),
    outcome: Type.Enum([...OUTCOMES]),
    error_code: OptionalText,
    error_message: nullable({
      maxLength: 8_192,
      description:
        "Never stored or logged: only its BLAKE3 hash and fingerprint are. A lone surrogate counts as U+FFFD",
    }),
    error_hash: OptionalHex(64),
    actor: OptionalText,
    session_id: OptionalText,
    request_id: OptionalText,
    trace_id: OptionalHex(32),
    span_id: OptionalHex(16),
    parent_span_id: OptionalHex(16),
    request_bytes: OptionalBytes,
    response_bytes: OptionalBytes,
    request_payload: Type.Optional(Type.Unknown()),
    response_payload: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false, title: "Sample" },
);

export type Sample = Type.Static<typeof SampleSchema>;

const counter = (description: string) =>
  Type.Optional(
    Type.Unsafe<number | null>({
      type: ["integer", "null"],
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description,
    }),
  );

const reportFields = {
  instance_id: Name,
  epoch: Type.Optional(
    Type.Unsafe<string | number | null>({
      type: ["string", "integer", "null"],
      description:
        "The instance's start, RFC 3339 or integer epoch milliseconds: another one begins `seq` and `dropped` anew",
    }),
  ),
  seq: counter("Counts the instance's reports from 0 within its epoch"),
  dropped: counter("Samples the instance lost, cumulative within its epoch"),
  final: Type.Optional(
    Type.Unsafe<boolean | null>({
      type: ["boolean", "null"],
      description:
        "The instance's goodbye: it has departed at once, until a later report of it (another epoch, or a higher seq)",
    }),
  ),
  batch_id: nullable({ minLength: 1, maxLength: 256, pattern: STORABLE_TEXT }),
};

/** Samples are checked one by one, so that a bad one never costs its neighbours. */
const ReportEnvelopeSchema = Type.Object(
  {
    ...reportFields,
    invocations: Type.Array(Type.Unknown(), { maxItems: REPORT_SAMPLES_MAX }),
  },
  { additionalProperties: false },
);

export type ReportEnvelope = Type.Static<typeof ReportEnvelopeSchema>;

/** What OpenAPI shows: the envelope with its samples. */
export const ReportSchema = Type.Object(
  {
    ...reportFields,
    invocations: Type.Array(SampleSchema, { maxItems: REPORT_SAMPLES_MAX }),
  },
  { additionalProperties: false, title: "CallReport" },
);

export const reportEnvelope = Compile(ReportEnvelopeSchema);
export const sample = Compile(SampleSchema);
