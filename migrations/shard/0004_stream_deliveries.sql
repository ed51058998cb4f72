-- How far each org's streams have been delivered, and what stands in the way. A row comes with the first
-- attempt; an idle org costs no write. Erased with its org.
CREATE TABLE stream_deliveries (
  org             TEXT    NOT NULL,
  stream          TEXT    NOT NULL CHECK (stream IN ('metrics', 'audit')),
  log             INTEGER NOT NULL DEFAULT 1,     -- of audit: entries before (log, next_seq) were taken by the receiver
  next_seq        INTEGER NOT NULL DEFAULT 0,
  missed          INTEGER NOT NULL DEFAULT 0,     -- entries that retention removed before they were taken
  claim           INTEGER NOT NULL DEFAULT 0,     -- one more with each claim: who was overtaken moves nothing
  busy_until_ms   INTEGER NOT NULL DEFAULT 0,     -- claimed: no one else delivers until then
  retry_at_ms     INTEGER NOT NULL DEFAULT 0,     -- the receiver, or our back-off, asks to wait until then
  failures        INTEGER NOT NULL DEFAULT 0,     -- in a row
  last_error      TEXT,                           -- of our words, never the receiver's; NULL: the last attempt went well
  attempted_at_ms INTEGER NOT NULL DEFAULT 0,     -- those that wait longest are delivered first
  delivered_at_ms INTEGER,
  PRIMARY KEY (org, stream)
) WITHOUT ROWID;

-- What the receiver took it has: the cursor never goes back, whoever moves it.
CREATE TRIGGER stream_deliveries_never_go_back BEFORE UPDATE ON stream_deliveries
WHEN NEW.log < OLD.log OR (NEW.log = OLD.log AND NEW.next_seq < OLD.next_seq)
BEGIN SELECT RAISE(ABORT, 'stream_deliveries: must not go back'); END;
