-- Activity: what the totals count, by the minute of the call, for who looks at the last hour or day. Written by the
-- fold in its own transaction, so it is as exact as they are, and a late sample repairs its minute.
--
-- A row is one window of one block: 256 series and 32 plugins (src/calls/activity/activity-blocks.ts), so that most
-- orgs have one row a window, and a question reads no more than it needs: all calls block 0's `totals`, a plugin its
-- block's `plugins`, a tool its block's `series`. They stand in this order because what is behind a column that is
-- read is not read with it.
-- Each holds cells, JSONB [cell, count, cell, count, …]: a cell is an outcome and a half-octave of durations
-- (src/calls/activity/activity-cells.ts). Of the largest block of a quarter of an hour they are under 2 MB.
CREATE TABLE activity_minutes (
  org     TEXT    NOT NULL,
  minute  INTEGER NOT NULL,            -- minutes since the epoch; kept 48 h
  block   INTEGER NOT NULL,
  totals  BLOB    NOT NULL,            -- JSONB [cells] of the org; [] but in block 0
  plugins BLOB    NOT NULL,            -- JSONB {"number": [cells]}
  series  BLOB    NOT NULL,            -- JSONB {"series": [cells]}
  PRIMARY KEY (org, minute, block)
) WITHOUT ROWID;

-- The same by quarters of an hour, kept as long as samples.
CREATE TABLE activity_quarters (
  org     TEXT    NOT NULL,
  quarter INTEGER NOT NULL,            -- quarters of an hour since the epoch
  block   INTEGER NOT NULL,
  totals  BLOB    NOT NULL,
  plugins BLOB    NOT NULL,
  series  BLOB    NOT NULL,
  PRIMARY KEY (org, quarter, block)
) WITHOUT ROWID;

-- Plugins as activity numbers them: dense, per org, given by the fold.
CREATE TABLE activity_plugins (
  org       TEXT    NOT NULL,
  plugin    TEXT    NOT NULL,
  workspace TEXT    NOT NULL,
  number    INTEGER NOT NULL,
  PRIMARY KEY (org, plugin, workspace)
) WITHOUT ROWID;
CREATE UNIQUE INDEX activity_plugins_by_number ON activity_plugins (org, number);

-- A tool by its name alone, as a filter names it. Written once a series: no count is in it.
CREATE INDEX series_by_tool ON series (org, tool);

-- Activity holds all calls that started at this time or later. What was counted before there was any, or by an
-- arrival that did not tell the minute, is in none: there the samples are asked.
ALTER TABLE orgs ADD COLUMN activity_from_ms INTEGER NOT NULL DEFAULT 0;
-- Samples are taken to 5 minutes ahead.
UPDATE orgs SET activity_from_ms = unixepoch() * 1000 + 600000
  WHERE EXISTS (SELECT 1 FROM tool_invocations t WHERE t.org = orgs.org);
