/** How far an org's streams have been delivered, on the wire. */
import * as Type from "typebox";
import type { WaitingState } from "#calls/store/pairing/waiting-rows.ts";
import type { DeliveredStream, DeliveryState } from "#delivery/store/stream-deliveries.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { DeletionSchema, deletionJson } from "#orgs/http/deletion-json.ts";
import type { OrgSpace } from "#orgs/store/space-rows.ts";
import type { UnmappedSpans } from "#otlp/store/unmapped-rows.ts";
import type { ClockState } from "#platform/steady-clock.ts";
import { UnmappedSchema, unmappedJson } from "./unmapped-json.ts";

const nullable = (type: string, format?: string) =>
  Type.Unsafe<string | null>({ type: [type, "null"], ...(format !== undefined && { format }) });

const delivery = {
  delivered_at: nullable("string", "date-time"),
  failures: Type.Integer({ description: "In a row" }),
  last_error: nullable("string"),
  retry_at: nullable("string", "date-time"),
};

export const DeliveriesSchema = Type.Object(
  {
    metrics: Type.Object(delivery),
    audit: Type.Object({
      log: Type.Integer({ description: "1, then one more for each recovery" }),
      next_seq: Type.Integer(),
      missed_entries: Type.Integer(),
      ...delivery,
    }),
    deletion: DeletionSchema,
    ingest: Type.Object(
      {
        refused_since: nullable("string", "date-time"),
        shard_bytes: Type.Integer(),
        shard_bytes_limit: Type.Integer(),
        org_bytes: Type.Unsafe<number | null>({
          type: ["integer", "null"],
          description: "About; measured while the shard is 85 % full or more",
        }),
        org_bytes_measured_at: nullable("string", "date-time"),
      },
      { description: "Whether samples and spans are taken, and the room that the org's shard has" },
    ),
    calls: Type.Object({
      waiting: Type.Integer({ description: "Callers' spans that wait for their servers'" }),
      waiting_since: nullable("string", "date-time"),
      late: Type.Integer({
        description:
          "Servers' spans that came after their callers' were counted: kept, not counted",
      }),
      late_at: nullable("string", "date-time"),
      sampled_at: Type.Unsafe<string | null>({
        type: ["string", "null"],
        format: "date-time",
        description:
          "When, to the hour, spans last came whose `tracestate` says that they are a sample: " +
          "figures are of what was sent",
      }),
    }),
    unmapped_spans: UnmappedSchema,
  },
  { title: "Deliveries" },
);

/** The state of each stream; of one that was never sent, that nothing was. */
export function deliveriesJson(
  states: readonly DeliveryState[],
  shardClock: ClockState | null,
  space: OrgSpace & { shardBytesMax: number },
  { calls, unmapped }: { calls: WaitingState; unmapped: readonly UnmappedSpans[] },
): Type.Static<typeof DeliveriesSchema> {
  const of = (stream: DeliveredStream) => states.find((state) => state.stream === stream);
  const audit = of("audit");
  return {
    metrics: deliveryJson(of("metrics")),
    audit: {
      log: audit?.log ?? 1,
      next_seq: audit?.nextSeq ?? 0,
      missed_entries: audit?.missed ?? 0,
      ...deliveryJson(audit),
    },
    deletion: deletionJson(shardClock),
    ingest: {
      refused_since: space.refusedSinceMs === null ? null : formatTimestamp(space.refusedSinceMs),
      shard_bytes: space.shardBytes,
      shard_bytes_limit: space.shardBytesMax,
      org_bytes: space.measuredAtMs === 0 ? null : space.bytes,
      org_bytes_measured_at: space.measuredAtMs === 0 ? null : formatTimestamp(space.measuredAtMs),
    },
    calls: {
      waiting: calls.calls,
      waiting_since: calls.sinceMs === null ? null : formatTimestamp(calls.sinceMs),
      late: calls.lateCalls,
      late_at: timeOrNull(calls.lateMs),
      sampled_at: timeOrNull(calls.sampledMs),
    },
    unmapped_spans: unmappedJson(unmapped),
  };
}

function timeOrNull(ms: number): string | null {
  return ms === 0 ? null : formatTimestamp(ms);
}

function deliveryJson(state: DeliveryState | undefined) {
  const { deliveredAtMs = null, failures = 0, lastError = null, retryAtMs = 0 } = state ?? {};
  return {
    delivered_at: deliveredAtMs === null ? null : formatTimestamp(deliveredAtMs),
    failures,
    last_error: lastError,
    retry_at: timeOrNull(retryAtMs),
  };
}
