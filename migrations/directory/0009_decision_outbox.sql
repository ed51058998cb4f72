-- What becomes of a call whose decision the ledger cannot take: refused, or let through on the word of D1 alone.
ALTER TABLE orgs ADD COLUMN on_ledger_failure TEXT NOT NULL DEFAULT 'refuse'
  CHECK (on_ledger_failure IN ('refuse', 'permit'));

-- Entries of the gateway that their ledger could not take, kept until it has them: decisions of orgs that permit
-- it, each with the call that it let through, and completions of calls that the log was closed to.
CREATE TABLE decision_outbox (
  id         TEXT    NOT NULL PRIMARY KEY,        -- UUIDv7: the entry's event_id
  org        TEXT    NOT NULL,
  event      TEXT    NOT NULL CHECK (json_valid(event)),
  call       TEXT    CHECK (json_valid(call)),    -- NULL: nothing is to be completed
  ending     TEXT    CHECK (json_valid(ending)),  -- how the call ended; it is given up at due_at_ms
  due_at_ms  INTEGER,
  wait_key   TEXT,                                -- of a call that waits for another round
  is_counted INTEGER NOT NULL DEFAULT 0 CHECK (is_counted IN (0, 1)), -- its sample is there
  CHECK (call IS NOT NULL OR (ending IS NULL AND wait_key IS NULL)),
  CHECK (is_counted = 0 OR ending IS NOT NULL)
) WITHOUT ROWID;

CREATE INDEX decision_outbox_by_org ON decision_outbox (org, id);
CREATE UNIQUE INDEX decision_outbox_by_key ON decision_outbox (org, wait_key) WHERE wait_key IS NOT NULL;

-- A call ends once.
CREATE TRIGGER decision_outbox_ends_once BEFORE UPDATE OF ending ON decision_outbox
WHEN OLD.ending IS NOT NULL AND NEW.ending IS NOT OLD.ending
BEGIN SELECT RAISE(ABORT, 'decision_outbox: a call ends once'); END;

-- How many decisions were made without their ledger: written with each.
CREATE TABLE undurable_decisions (
  org       TEXT    NOT NULL PRIMARY KEY,
  decisions INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER undurable_decisions_never_fall BEFORE UPDATE ON undurable_decisions
WHEN NEW.decisions < OLD.decisions
BEGIN SELECT RAISE(ABORT, 'undurable_decisions: never fall'); END;
