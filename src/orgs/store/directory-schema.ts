/**
 * The directory's tables for drizzle. The truth is migrations/directory; a test compares the two.
 * JSON columns are plain text here: the store parses them, and compares them as they were read.
 */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { OnLedgerFailure, OrgState } from "#orgs/org.ts";
import type { Tier } from "#orgs/tier.ts";

export const orgs = sqliteTable("orgs", {
  org: text().notNull().primaryKey(),
  tier: text().notNull().$type<Tier>(),
  entitlements: text().notNull().default("{}"),
  limits: text().notNull().default("{}"),
  retention: text().notNull().default("{}"),
  shard: text().notNull(),
  generation: integer().notNull().default(1),
  state: text().notNull().default("active").$type<OrgState>(),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
  deletedAtMs: integer("deleted_at_ms"),
  auditLog: integer("audit_log").notNull().default(1),
  publishesAuditLog: integer("publishes_audit_log", { mode: "boolean" }).notNull().default(false),
  spanMapping: text("span_mapping").notNull().default("{}"),
  onLedgerFailure: text("on_ledger_failure").notNull().default("refuse").$type<OnLedgerFailure>(),
  keyRotationDays: integer("key_rotation_days").notNull().default(0),
  redaction: text().notNull().default("{}"),
  payloadCapture: text("payload_capture").notNull().default("{}"),
});

export const serviceTokens = sqliteTable("service_tokens", {
  id: text().notNull().primaryKey(),
  org: text().notNull(),
  name: text().notNull(),
  scopes: text().notNull(),
  actor: text(),
  digest: text().notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  createdBy: text("created_by").notNull(),
  expiresAtMs: integer("expires_at_ms"),
  revokedAtMs: integer("revoked_at_ms"),
});
