/** A report on the wire, and what is answered to it. */
import * as Type from "typebox";
import type { CallReport, Recorded } from "#calls/record-calls.ts";
import type { ReportEnvelope } from "#calls/sample-schema.ts";

export const RecordedSchema = Type.Object(
  {
    accepted: Type.Integer(),
    duplicates: Type.Integer(),
    rejected: Type.Array(
      Type.Object({ index: Type.Integer(), code: Type.String(), message: Type.String() }),
    ),
    payloads_discarded: Type.Optional(
      Type.Integer({
        description:
          "Requests and responses that are not kept, where there are any: the org is not entitled to " +
          "`payload_capture`, or they are nested too deep",
      }),
    ),
  },
  { title: "RecordedReport" },
);

export function recordedJson({ payloadsDiscarded, ...recorded }: Recorded) {
  return payloadsDiscarded === 0
    ? recorded
    : { ...recorded, payloads_discarded: payloadsDiscarded };
}

export function reportOf(envelope: ReportEnvelope): CallReport {
  return {
    instance: envelope.instance_id,
    epoch: envelope.epoch ?? null,
    seq: envelope.seq ?? null,
    dropped: envelope.dropped ?? null,
    isFinal: envelope.final ?? false,
    batchId: envelope.batch_id ?? null,
    samples: envelope.invocations,
  };
}
