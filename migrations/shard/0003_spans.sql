-- What OpenTelemetry sends: calls that have two spans, and the spans around a call.

-- One call may have its server's span and its caller's, sent by two processes in any order. Counted is the
-- first to arrive. Samples of a report have neither column, and are in no index.
ALTER TABLE tool_invocations ADD COLUMN parent_span_id TEXT;
ALTER TABLE tool_invocations ADD COLUMN is_caller INTEGER NOT NULL DEFAULT 0;

-- Whether a server's span's parent was counted as its caller's: one seek. A caller's sample costs a row
-- more for it, a server's none, for fleets report their servers. The other direction scans the key's time
-- range. Not unique: a sender's two spans with one id must not fail the request.
CREATE INDEX tool_invocations_callers ON tool_invocations (org, trace_id, span_id) WHERE is_caller = 1;

-- Spans that are no sample: one row for those of a request that end within the same ten minutes. A row a
-- trace would be found by its key, but a trace of a tool call has few spans, so ingest would write two
-- rows a sample in place of one. `traces` stands before `payload`: a search reads it and skips the rest.
CREATE TABLE spans (
  org     TEXT NOT NULL,
  id      TEXT NOT NULL,                     -- UUIDv7: the latest end, and a digest of the spans' ids
  traces  TEXT NOT NULL,                     -- ",xxxxxxxx" for each trace: the last 8 digits of its id
  payload TEXT NOT NULL,                     -- src/otlp/store/span-rows.ts
  PRIMARY KEY (org, id)
) WITHOUT ROWID;
