-- What operators did, written in the transaction of the deed itself and kept until the org's ledger has
-- it. The ledger knows an entry by its id, so that sending one twice adds nothing.
CREATE TABLE ledger_outbox (
  id             TEXT    NOT NULL PRIMARY KEY,    -- UUIDv7: oldest first
  org            TEXT    NOT NULL,
  occurred_at_ms INTEGER NOT NULL,
  actor          TEXT    NOT NULL,
  action         TEXT    NOT NULL,                -- operator.<noun>.<verb>
  target         TEXT,                            -- e.g. token://<id>
  details        TEXT    NOT NULL,                -- JSON: string, boolean or null values; no secrets
  request_id     TEXT
) WITHOUT ROWID;

CREATE INDEX ledger_outbox_by_org ON ledger_outbox (org, id);

INSERT INTO ledger_outbox (id, org, occurred_at_ms, actor, action, target, details, request_id)
  SELECT id, org, occurred_at_ms, actor, action, target, details, request_id FROM operator_actions;
DROP TABLE operator_actions;

-- The log that the org's entries go to now; a recovery raises it.
ALTER TABLE orgs ADD COLUMN audit_log INTEGER NOT NULL DEFAULT 1;
-- Whether anyone may read the log's checkpoint and hash tiles.
ALTER TABLE orgs ADD COLUMN publishes_audit_log INTEGER NOT NULL DEFAULT 0;
