-- How long calls took to arrive, by the minute in which they began and by who reported them: whether an instance's
-- calls are held up, or its clock is ahead. Written by the fold in its own transaction, as exact as the counters; a
-- late report repairs its minute. Kept 48 h.
CREATE TABLE lag_minutes (
  org       TEXT    NOT NULL,
  minute    INTEGER NOT NULL,          -- minutes since the epoch, of the call's start
  instances BLOB    NOT NULL,          -- JSONB {"instance": [calls, calls that came before their end, {"bucket": calls}]}
  PRIMARY KEY (org, minute)
) WITHOUT ROWID;

-- Calls that began at this time or later are all in it. What an arrival of before did not tell the minute of is in
-- none: there the samples are asked. They are taken to 5 minutes ahead.
ALTER TABLE orgs ADD COLUMN lag_from_ms INTEGER NOT NULL DEFAULT 0;
UPDATE orgs SET lag_from_ms = unixepoch() * 1000 + 600000
  WHERE EXISTS (SELECT 1 FROM tool_invocations t WHERE t.org = orgs.org)
    OR EXISTS (SELECT 1 FROM arrivals a WHERE a.org = orgs.org);
