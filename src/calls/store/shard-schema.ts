/** The shard's tables as drizzle types them; migrations/shard is the truth, and a test compares the two. */
import { getTableColumns, sql } from "drizzle-orm";
import { blob, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { OUTCOMES } from "#calls/outcome.ts";

export const toolInvocations = sqliteTable(
  "tool_invocations",
  {
    org: text().notNull(),
    id: text().notNull(),
    workspace: text().notNull(),
    plugin: text().notNull(),
    tool: text().notNull(),
    instance: text().notNull(),
    startedAtMs: integer("started_at_ms").notNull(),
    durationUs: integer("duration_us").notNull(),
    outcome: text({ enum: [...OUTCOMES] }).notNull(),
    ingestedAtMs: integer("ingested_at_ms").notNull(),
    actor: text(),
    traceId: text("trace_id"),
    spanId: text("span_id"),
    sessionId: text("session_id"),
    requestId: text("request_id"),
    requestBytes: integer("request_bytes"),
    responseBytes: integer("response_bytes"),
    errorCode: text("error_code"),
    errorHash: text("error_hash"),
    errorFingerprint: text("error_fingerprint"),
    parentSpanId: text("parent_span_id"),
    isCaller: integer("is_caller", { mode: "boolean" }).notNull().default(false),
    countedAs: text("counted_as"),
    payloadRow: text("payload_row"),
  },
  (table) => [primaryKey({ columns: [table.org, table.id] })],
);

type SampleRow = typeof toolInvocations.$inferSelect;

export interface StoredCall extends Omit<SampleRow, "payloadRow"> {
  hasPayload: boolean;
}

const payloadRow = (sample: string, which: string) => `EXISTS (
  SELECT 1 FROM tool_invocation_payloads AS p WHERE p.org = ${sample}.org AND ${which})`;

/** A sample's payload lies in the row that it names, else in one of its own id, or is on its way there. */
export const hasPayload = (sample: string) => `(${sample}.payload_row IS NOT NULL
  OR ${payloadRow(sample, `p.id = ${sample}.id AND p.key_version > 0`)}
  OR ${payloadRow(sample, `p.moved_to = ${sample}.id`)})`;

const { payloadRow: _, ...columns } = getTableColumns(toolInvocations);

/** What is read of a sample. */
export const CALL_COLUMNS = {
  ...columns,
  hasPayload: sql.raw(hasPayload("tool_invocations")).mapWith(Boolean),
};

export const instances = sqliteTable(
  "instances",
  {
    org: text().notNull(),
    instance: text().notNull(),
    lastReportMs: integer("last_report_ms").notNull(),
    reports: text().notNull(),
    dropped: integer().notNull(),
    lagSumUs: integer("lag_sum_us").notNull(),
    lagHistogram: blob("lag_histogram").notNull(),
    createdMs: integer("created_ms"),
    hasDeparted: integer("has_departed", { mode: "boolean" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.org, table.instance] })],
);
