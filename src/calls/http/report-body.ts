/** A report on the wire, and what is answered to it. */
import * as Type from "typebox";
import type { CallReport } from "#calls/record-calls.ts";
import type { ReportEnvelope } from "#calls/sample-schema.ts";

export const RecordedSchema = Type.Object(
  {
    accepted: Type.Integer(),
    duplicates: Type.Integer(),
    rejected: Type.Array(
      Type.Object({ index: Type.Integer(), code: Type.String(), message: Type.String() }),
    ),
  },
  { title: "RecordedReport" },
);

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
