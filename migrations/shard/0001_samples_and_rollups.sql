-- A shard holds everything that grows with an org's traffic. Every key begins with the org, so that no
-- query can reach another org's rows without naming it. Tables are WITHOUT ROWID under their natural
-- key: one row written per row stored (a hidden rowid would cost a second). `series` is the exception.

-- The org as this shard knows it. Every write on the shard is conditional on (org, generation, state),
-- so a request that began before a deletion or a move writes nothing after it.
CREATE TABLE orgs (
  org              TEXT    NOT NULL PRIMARY KEY,
  generation       INTEGER NOT NULL,             -- as in the directory; a move or deletion raises it
  state            TEXT    NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'deleted')),
  folds            INTEGER NOT NULL DEFAULT 0,   -- folds done: each fold is a compare-and-set on it
  series_next      INTEGER NOT NULL DEFAULT 1,   -- the next series number
  pruned_before_ms INTEGER NOT NULL DEFAULT 0    -- samples with an older id time are gone, and stay refused
) WITHOUT ROWID;

-- One row a tool call. The id is a UUIDv7, so the key is also the time index.
CREATE TABLE tool_invocations (
  org               TEXT    NOT NULL,
  id                TEXT    NOT NULL,
  workspace         TEXT    NOT NULL,
  plugin            TEXT    NOT NULL,
  tool              TEXT    NOT NULL,
  instance          TEXT    NOT NULL,
  started_at_ms     INTEGER NOT NULL,
  duration_us       INTEGER NOT NULL,
  outcome           TEXT    NOT NULL,
  ingested_at_ms    INTEGER NOT NULL,
  actor             TEXT,
  trace_id          TEXT,
  span_id           TEXT,
  session_id        TEXT,
  request_id        TEXT,
  request_bytes     INTEGER,
  response_bytes    INTEGER,
  error_code        TEXT,
  error_hash        TEXT,                        -- BLAKE3-256 of the message, hex; the message is never stored
  error_fingerprint TEXT,                        -- keyed by org, over the normalised message
  PRIMARY KEY (org, id)
) WITHOUT ROWID;

-- What ingest acknowledged and the fold has not counted yet: one row a report. Being here is what
-- "not folded" means; there is no watermark that could disagree. `bytes` stands before `payload` so
-- that a bounded read does not touch the overflow pages of what it leaves behind.
CREATE TABLE arrivals (
  org         TEXT    NOT NULL,
  id          TEXT    NOT NULL,                  -- UUIDv7 made by the Worker: arrival order, never reused
  received_ms INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,                  -- length of payload
  payload     TEXT    NOT NULL,                  -- src/calls/arrival.ts
  PRIMARY KEY (org, id)
) WITHOUT ROWID;

-- A series is (workspace, plugin, tool); its row holds its cumulative totals, by arrival. Never pruned
-- and never derived from samples or rollups, so nothing that prunes those can lower a counter.
-- With a rowid: a row is 2 to 3 KB and inserted once, and without one what is over 1 KB spills into an
-- overflow page of its own, which makes an update 1.4 times as slow.
CREATE TABLE series (
  org               TEXT    NOT NULL,
  series            INTEGER NOT NULL,            -- dense, per org, given by the fold
  workspace         TEXT    NOT NULL,
  plugin            TEXT    NOT NULL,
  tool              TEXT    NOT NULL,
  last_seen_ms      INTEGER NOT NULL,            -- newest arrival; idle for 30 days leaves exposition and cap
  ok                INTEGER NOT NULL,
  client_error      INTEGER NOT NULL,
  server_error      INTEGER NOT NULL,
  policy_denied     INTEGER NOT NULL,
  quota_exceeded    INTEGER NOT NULL,
  idempotent_replay INTEGER NOT NULL,            -- counted by outcome only: no call, no error, no latency
  sum_us            INTEGER NOT NULL,
  -- Classic buckets at 2^-8 … 2^6 s and +Inf, not cumulative: text formats need no JSON parsing.
  le_0  INTEGER NOT NULL, le_1  INTEGER NOT NULL, le_2  INTEGER NOT NULL, le_3  INTEGER NOT NULL,
  le_4  INTEGER NOT NULL, le_5  INTEGER NOT NULL, le_6  INTEGER NOT NULL, le_7  INTEGER NOT NULL,
  le_8  INTEGER NOT NULL, le_9  INTEGER NOT NULL, le_10 INTEGER NOT NULL, le_11 INTEGER NOT NULL,
  le_12 INTEGER NOT NULL, le_13 INTEGER NOT NULL, le_14 INTEGER NOT NULL, le_15 INTEGER NOT NULL,
  histogram         BLOB    NOT NULL,            -- JSONB, schema 4: {"bucket index": count}, sparse
  exemplars         BLOB    NOT NULL,            -- JSONB, {"classic bucket": [duration_us, time_ms, id, trace_id|null]}
  PRIMARY KEY (org, series)
);
CREATE UNIQUE INDEX series_by_name ON series (org, workspace, plugin, tool);

-- Rollups by the time of the call, so a late sample repairs its own hour.
CREATE TABLE rollups_hourly (
  org               TEXT    NOT NULL,
  hour              INTEGER NOT NULL,            -- hours since the epoch
  series            INTEGER NOT NULL,
  ok                INTEGER NOT NULL,
  client_error      INTEGER NOT NULL,
  server_error      INTEGER NOT NULL,
  policy_denied     INTEGER NOT NULL,
  quota_exceeded    INTEGER NOT NULL,
  idempotent_replay INTEGER NOT NULL,
  sum_us            INTEGER NOT NULL,
  min_us            INTEGER,                     -- NULL when there were replays only
  max_us            INTEGER,
  histogram         BLOB    NOT NULL,            -- JSONB, as in series
  PRIMARY KEY (org, hour, series)
) WITHOUT ROWID;

CREATE TABLE rollups_daily (
  org               TEXT    NOT NULL,
  day               INTEGER NOT NULL,            -- days since the epoch
  series            INTEGER NOT NULL,
  ok                INTEGER NOT NULL,
  client_error      INTEGER NOT NULL,
  server_error      INTEGER NOT NULL,
  policy_denied     INTEGER NOT NULL,
  quota_exceeded    INTEGER NOT NULL,
  idempotent_replay INTEGER NOT NULL,
  sum_us            INTEGER NOT NULL,
  min_us            INTEGER,
  max_us            INTEGER,
  histogram         BLOB    NOT NULL,            -- JSONB, as in series
  PRIMARY KEY (org, day, series)
) WITHOUT ROWID;

-- A gateway that reports. Written by the fold only, so its sums are as exact as the counters.
CREATE TABLE instances (
  org            TEXT    NOT NULL,
  instance       TEXT    NOT NULL,
  last_report_ms INTEGER NOT NULL,
  reports        TEXT    NOT NULL,               -- src/calls/instance-reports.ts: epochs, seq ranges, drops
  dropped        INTEGER NOT NULL,               -- samples the instance says it lost, over all its epochs
  lag_sum_us     INTEGER NOT NULL,
  lag_histogram  BLOB    NOT NULL,               -- JSONB, as in series; arrival minus end of the call, below zero as zero
  PRIMARY KEY (org, instance)
) WITHOUT ROWID;
