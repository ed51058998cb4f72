-- What plugins' servers said of themselves. Rows name the plugin's registration: those of one that was removed
-- are nobody's, whoever still writes them.

-- The tools that a plugin's lists had, each pinned by the hash of its definition: 1,000 and 1 MiB a plugin.
CREATE TABLE plugin_tools (
  org            TEXT    NOT NULL,
  workspace      TEXT    NOT NULL,
  plugin         TEXT    NOT NULL,
  tool           TEXT    NOT NULL,
  hash           TEXT    NOT NULL,                -- SHA-256 of `definition`, hex
  definition     TEXT    NOT NULL,                -- canonical JSON, as the last list that changed it had it
  fault          TEXT,                            -- why the definition cannot be read: then there is only the name
  is_quarantined INTEGER NOT NULL,                -- 1 until someone accepts the definition
  is_gone        INTEGER NOT NULL,                -- 1: the last whole list did not have it
  first_seen_ms  INTEGER NOT NULL,
  last_seen_ms   INTEGER NOT NULL,                -- of one that is there, as of the last change: plugin_lists has the rest
  PRIMARY KEY (org, workspace, plugin, tool)
);

-- One row a plugin: what its tools were last decided on.
CREATE TABLE plugin_lists (
  org              TEXT    NOT NULL,
  workspace        TEXT    NOT NULL,
  plugin           TEXT    NOT NULL,
  registration     TEXT    NOT NULL,
  revision         TEXT    NOT NULL,              -- another UUID with each change: a change is a compare-and-set on it
  whole_hash       TEXT,                          -- of all names and hashes of the last whole list; NULL: there was none
  definition_bytes INTEGER NOT NULL,
  seen_ms          INTEGER NOT NULL,              -- when the list was last seen so, within an hour
  changed_ms       INTEGER NOT NULL,
  faults           TEXT    NOT NULL,              -- JSON: what of the list was left out, and why
  untold           TEXT,                          -- JSON: what changed and no entry says yet
  told_ms          INTEGER NOT NULL,              -- when an entry last told of a change; 0: none did
  PRIMARY KEY (org, workspace, plugin)
) WITHOUT ROWID;

-- The cron's list of those whose changes nobody told of yet.
CREATE INDEX plugin_lists_untold ON plugin_lists (org, workspace, plugin) WHERE untold IS NOT NULL;

-- How calls to the plugin went, written once a minute at most.
CREATE TABLE plugin_health (
  org          TEXT    NOT NULL,
  workspace    TEXT    NOT NULL,
  plugin       TEXT    NOT NULL,
  registration TEXT    NOT NULL,
  ok_ms        INTEGER,                           -- the last time that it answered
  fault_ms     INTEGER,
  fault        TEXT,                              -- a stable word
  failures     INTEGER NOT NULL,                  -- in a row
  noted_ms     INTEGER NOT NULL,
  PRIMARY KEY (org, workspace, plugin)
) WITHOUT ROWID;

-- Entries about tools on their way to the org's ledger, written in the transaction of what they tell.
CREATE TABLE plugin_entries (
  org            TEXT    NOT NULL,
  id             TEXT    NOT NULL,                -- UUIDv7, the entry's event_id: oldest first
  action         TEXT    NOT NULL,
  outcome        TEXT    NOT NULL,
  actor          TEXT    NOT NULL,
  target         TEXT    NOT NULL,
  workspace      TEXT    NOT NULL,
  details        TEXT    NOT NULL,                -- JSON: strings, booleans, null; no secrets
  request_id     TEXT,
  occurred_at_ms INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) WITHOUT ROWID;
