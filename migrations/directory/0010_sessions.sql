-- Who is signed in to the dashboard. A cookie holds 256 random bits; all that is kept of them is their SHA-256.
CREATE TABLE web_sessions (
  digest          TEXT    NOT NULL PRIMARY KEY CHECK (length(digest) = 64), -- lower-case hex
  org             TEXT    REFERENCES orgs (org),  -- NULL: the administrator's
  token_id        TEXT,                           -- the service token that signed in; NULL: the administrator's did
  credential_mac  TEXT,                           -- of the administrator's token: the session ends with the secret
  created_at_ms   INTEGER NOT NULL,
  last_seen_at_ms INTEGER NOT NULL,               -- written each five minutes at most
  ends_at_ms      INTEGER NOT NULL,               -- unless it is used before
  expires_at_ms   INTEGER NOT NULL,               -- however much it is used
  CHECK (ends_at_ms <= expires_at_ms),
  CHECK ((token_id IS NULL) = (org IS NULL)),
  CHECK ((token_id IS NULL) = (credential_mac IS NOT NULL))
) WITHOUT ROWID;

-- What has ended is removed.
CREATE INDEX web_sessions_by_end ON web_sessions (ends_at_ms);

-- Use moves a session's idle end, and nothing else of it: it stays whose it was, and as long as it was.
CREATE TRIGGER web_sessions_stay_whose_they_were BEFORE UPDATE ON web_sessions
WHEN NEW.digest <> OLD.digest OR NEW.org IS NOT OLD.org OR NEW.token_id IS NOT OLD.token_id
  OR NEW.credential_mac IS NOT OLD.credential_mac OR NEW.created_at_ms <> OLD.created_at_ms
  OR NEW.expires_at_ms <> OLD.expires_at_ms OR NEW.last_seen_at_ms < OLD.last_seen_at_ms
BEGIN SELECT RAISE(ABORT, 'web_sessions: only its idle end moves'); END;
