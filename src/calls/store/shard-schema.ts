/** The shard's tables as drizzle types them; migrations/shard is the truth, and a test compares the two. */
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
  },
  (table) => [primaryKey({ columns: [table.org, table.id] })],
);

export type StoredCall = typeof toolInvocations.$inferSelect;

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
