-- Plugins: MCP servers that an org put behind the gateway. Header values are sealed
-- (src/gateway/plugins/sealed-plugin-headers.ts): the database alone gives none away. Deleted with their org, in
-- the transaction that closes it.
CREATE TABLE plugins (
  org            TEXT    NOT NULL REFERENCES orgs (org),
  workspace      TEXT    NOT NULL,
  plugin         TEXT    NOT NULL,
  registration   TEXT    NOT NULL,                -- UUIDv7: a name that is removed and registered again has another
  url            TEXT    NOT NULL,
  headers        TEXT    NOT NULL,                -- JSON: sealed values by name
  timeout_ms     INTEGER NOT NULL,
  on_tool_change TEXT    NOT NULL CHECK (on_tool_change IN ('record', 'quarantine')),
  version        INTEGER NOT NULL,                -- one more with each change: a change is a compare-and-set on it
  created_at_ms  INTEGER NOT NULL,
  updated_at_ms  INTEGER NOT NULL,
  PRIMARY KEY (org, workspace, plugin)
) WITHOUT ROWID;

-- An org's plugins, newest first.
CREATE UNIQUE INDEX plugins_by_age ON plugins (org, registration DESC);
