-- What the gateway did, for the deployment's own scrape (GET /metrics): gathered in isolates and added here about
-- once a second. Operational figures: calls are counted from their samples, in `series`. '' is a label that is not
-- there; the org '__other__' is what found no room, of all orgs, and goes with none.
CREATE TABLE gateway_operations (
  org          TEXT    NOT NULL,
  workspace    TEXT    NOT NULL,
  plugin       TEXT    NOT NULL,
  method       TEXT    NOT NULL,
  tool         TEXT    NOT NULL,
  outcome      TEXT    NOT NULL,
  error_type   TEXT    NOT NULL,
  version      TEXT    NOT NULL,
  created_ms   INTEGER NOT NULL,                 -- the first operation that is counted
  last_seen_ms INTEGER NOT NULL,                 -- the last; idle for 30 days leaves
  sum_us       INTEGER NOT NULL,
  -- Not cumulative, at the conventions' bounds and +Inf (src/gateway/figures/operation-bounds.ts).
  le_0  INTEGER NOT NULL, le_1  INTEGER NOT NULL, le_2  INTEGER NOT NULL, le_3  INTEGER NOT NULL,
  le_4  INTEGER NOT NULL, le_5  INTEGER NOT NULL, le_6  INTEGER NOT NULL, le_7  INTEGER NOT NULL,
  le_8  INTEGER NOT NULL, le_9  INTEGER NOT NULL, le_10 INTEGER NOT NULL, le_11 INTEGER NOT NULL,
  le_12 INTEGER NOT NULL, le_13 INTEGER NOT NULL, le_14 INTEGER NOT NULL,
  PRIMARY KEY (org, workspace, plugin, method, tool, outcome, error_type, version)
) WITHOUT ROWID;

-- An isolate that adds to them, and the last of its batches that was added: none is added twice.
CREATE TABLE gateway_writers (
  writer TEXT    NOT NULL PRIMARY KEY,           -- UUIDv7: isolates in the order of their first batch
  batch  INTEGER NOT NULL,
  at_ms  INTEGER NOT NULL
) WITHOUT ROWID;
