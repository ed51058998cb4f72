/** An org on the wire, and the way between it and the domain. */
import type { TSchema } from "typebox";
import * as Type from "typebox";
import { Compile } from "typebox/schema";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { LIMIT_BOUNDS } from "#orgs/limits.ts";
import { CALLER_WAIT_SECONDS_MAX, type SpanMapping } from "#orgs/mapped-attributes.ts";
import { KEY_ROTATION_DAYS, ON_LEDGER_FAILURE, ORG_NAME_PATTERN, type Org } from "#orgs/org.ts";
import type { OrgPatch } from "#orgs/org-settings.ts";
import { RETENTION_BOUNDS } from "#orgs/retention.ts";
import { TIERS } from "#orgs/tier.ts";

const CLOSED = { additionalProperties: false };

const Tier = Type.Enum([...TIERS]);

const CreateOrgSchema = Type.Object(
  {
    org: Type.String({ pattern: ORG_NAME_PATTERN }),
    tier: Tier,
    entitlements: Type.Optional(
      Type.Object({ payload_capture: Type.Optional(Type.Boolean()) }, CLOSED),
    ),
  },
  { ...CLOSED, title: "NewOrg" },
);

/** Null takes a value back to its default. */
function nullableInteger({ min, max }: { min: number; max: number }) {
  const schema = { type: ["integer", "null"], minimum: min, maximum: max };
  return Type.Optional(Type.Unsafe<number | null>(schema));
}

/** An org's names for one attribute: the conventions' own lists have six names at most. */
const AttributeNames = {
  type: "array",
  minItems: 1,
  maxItems: 8,
  uniqueItems: true,
  items: { type: "string", minLength: 1, maxLength: 128, pattern: "^[\\x21-\\x7e]+$" },
};

function spanMapping<Names extends TSchema, Wait extends TSchema>(
  names: Names,
  wait: Wait,
  description: string,
) {
  const parts = {
    ...{ workspace: names, plugin: names, instance: names, tool: names, actor: names },
    caller_wait_seconds: wait,
  };
  return Type.Object(parts, { ...CLOSED, description });
}

const NullableBoolean = Type.Optional(Type.Unsafe<boolean | null>({ type: ["boolean", "null"] }));

const PatchOrgSchema = Type.Object(
  {
    tier: Type.Optional(Tier),
    entitlements: Type.Optional(Type.Object({ payload_capture: NullableBoolean }, CLOSED)),
    limits: Type.Optional(
      Type.Object(
        {
          series_max: nullableInteger(LIMIT_BOUNDS.seriesMax),
          series_label_bytes_max: nullableInteger(LIMIT_BOUNDS.seriesLabelBytesMax),
          requests_per_minute: nullableInteger(LIMIT_BOUNDS.requestsPerMinute),
          bytes_per_minute: nullableInteger(LIMIT_BOUNDS.bytesPerMinute),
        },
        CLOSED,
      ),
    ),
    retention: Type.Optional(
      Type.Object(
        {
          samples_hours: nullableInteger(RETENTION_BOUNDS.samplesHours),
          rollups_hourly_days: nullableInteger(RETENTION_BOUNDS.rollupsHourlyDays),
          rollups_daily_days: nullableInteger(RETENTION_BOUNDS.rollupsDailyDays),
          audit_days: nullableInteger(RETENTION_BOUNDS.auditDays),
        },
        CLOSED,
      ),
    ),
    publishes_audit_log: Type.Optional(
      Type.Boolean({
        description: "Anyone may read the checkpoint and the hash tiles of the audit log",
      }),
    ),
    on_ledger_failure: Type.Optional(
      Type.Enum([...ON_LEDGER_FAILURE], {
        description:
          "A call through the gateway whose decision the ledger cannot take is refused (the default), or let " +
          "through: its entries then wait elsewhere, and say `decided_without_ledger`",
      }),
    ),
    key_rotation_days: nullableInteger(KEY_ROTATION_DAYS),
    span_mapping: Type.Optional(
      spanMapping(
        Type.Optional(
          Type.Unsafe<readonly string[] | null>({ ...AttributeNames, type: ["array", "null"] }),
        ),
        nullableInteger({ min: 0, max: CALLER_WAIT_SECONDS_MAX }),
        "Attributes of OTLP spans and resources, tried in order before the conventions'; and how long " +
          "a caller's span waits for its server's, 30 s by default",
      ),
    ),
    payload_capture: Type.Optional(
      Type.Object(
        { gateway: NullableBoolean, otlp: NullableBoolean },
        {
          ...CLOSED,
          description:
            "Where payloads are captured besides reports, of an org that is entitled to it: from calls through the " +
            "gateway, where their plugin does not say otherwise, and from `gen_ai.tool.call.arguments` and " +
            "`gen_ai.tool.call.result` of spans. Both are off by default",
        },
      ),
    ),
  },
  { ...CLOSED, title: "OrgPatch" },
);

export const OrgSchema = Type.Object(
  {
    org: Type.String(),
    tier: Tier,
    state: Type.Enum(["active", "deleting"]),
    entitlements: Type.Object({ payload_capture: Type.Boolean() }),
    limits: Type.Object({
      series_max: Type.Integer({ description: "Above it a new series is counted as __other__" }),
      series_label_bytes_max: Type.Integer({
        description: "Bytes of UTF-8 in the names of all series; above it likewise",
      }),
      requests_per_minute: Type.Integer({ description: "Of each token, in each isolate" }),
      bytes_per_minute: Type.Integer({
        description: "Of the bodies that each token sends, decompressed, in each isolate",
      }),
    }),
    retention: Type.Object(
      {
        samples_hours: Type.Integer(),
        rollups_hourly_days: Type.Integer(),
        rollups_daily_days: Type.Integer(),
        audit_days: Type.Integer(),
      },
      { description: "Effective: the tier's, with the org's overrides applied" },
    ),
    publishes_audit_log: Type.Boolean(),
    on_ledger_failure: Type.Enum([...ON_LEDGER_FAILURE]),
    key_rotation_days: Type.Union([Type.Integer(), Type.Null()], {
      description:
        "The age at which the org's data keys have their next version; null: only when asked",
    }),
    span_mapping: spanMapping(
      Type.Optional(Type.Unsafe<readonly string[]>(AttributeNames)),
      Type.Optional(Type.Integer()),
      "The org's own; what is absent is as the conventions have it",
    ),
    payload_capture: Type.Object({ gateway: Type.Boolean(), otlp: Type.Boolean() }),
    created_at: Type.String({ format: "date-time" }),
    updated_at: Type.String({ format: "date-time" }),
  },
  { title: "Org" },
);

export const createOrgBody = Compile(CreateOrgSchema);
export const patchOrgBody = Compile(PatchOrgSchema);

export function patchOf(body: Type.Static<typeof PatchOrgSchema>): OrgPatch {
  const { tier, entitlements, limits, retention, publishes_audit_log, span_mapping } = body;
  return {
    ...(body.on_ledger_failure && { onLedgerFailure: body.on_ledger_failure }),
    ...(body.key_rotation_days !== undefined && { keyRotationDays: body.key_rotation_days }),
    ...(publishes_audit_log !== undefined && { publishesAuditLog: publishes_audit_log }),
    ...(span_mapping && { spanMapping: mappingOf(span_mapping) }),
    ...(body.payload_capture && { payloadCapture: defined(body.payload_capture) }),
    ...(tier && { tier }),
    ...(entitlements && {
      entitlements: defined({ payloadCapture: entitlements.payload_capture }),
    }),
    ...(limits && {
      limits: defined({
        seriesMax: limits.series_max,
        seriesLabelBytesMax: limits.series_label_bytes_max,
        requestsPerMinute: limits.requests_per_minute,
        bytesPerMinute: limits.bytes_per_minute,
      }),
    }),
    ...(retention && {
      retention: defined({
        samplesHours: retention.samples_hours,
        rollupsHourlyDays: retention.rollups_hourly_days,
        rollupsDailyDays: retention.rollups_daily_days,
        auditDays: retention.audit_days,
      }),
    }),
  };
}

type MappingPatch = NonNullable<Type.Static<typeof PatchOrgSchema>["span_mapping"]>;

function mappingOf({ caller_wait_seconds: callerWaitSeconds, ...names }: MappingPatch) {
  return defined({ ...names, callerWaitSeconds });
}

function mappingJson({ callerWaitSeconds, ...names }: SpanMapping) {
  return {
    ...names,
    ...(callerWaitSeconds !== undefined && { caller_wait_seconds: callerWaitSeconds }),
  };
}

/**
 * Leaves out undefined members: absent means "as it was", and a merge would take an undefined for a value.
 */
function defined<Values extends object>(values: Values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [Key in keyof Values]?: Exclude<Values[Key], undefined> };
}

export function orgJson(org: Org): Type.Static<typeof OrgSchema> {
  return {
    org: org.org,
    tier: org.tier,
    state: org.state === "active" ? "active" : "deleting",
    entitlements: { payload_capture: org.entitlements.payloadCapture },
    limits: {
      series_max: org.limits.seriesMax,
      series_label_bytes_max: org.limits.seriesLabelBytesMax,
      requests_per_minute: org.limits.requestsPerMinute,
      bytes_per_minute: org.limits.bytesPerMinute,
    },
    retention: {
      samples_hours: org.retention.samplesHours,
      rollups_hourly_days: org.retention.rollupsHourlyDays,
      rollups_daily_days: org.retention.rollupsDailyDays,
      audit_days: org.retention.auditDays,
    },
    publishes_audit_log: org.publishesAuditLog,
    on_ledger_failure: org.onLedgerFailure,
    key_rotation_days: org.keyRotationDays,
    span_mapping: mappingJson(org.spanMapping),
    payload_capture: org.payloadCapture,
    created_at: formatTimestamp(org.createdAtMs),
    updated_at: formatTimestamp(org.updatedAtMs),
  };
}
