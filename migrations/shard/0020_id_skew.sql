-- How far the ids of an org's samples lie from the times that they began at, by the hour that they began in: a range
-- of times is a range of keys, wider by that. A row only where an id that was sent lies elsewhere, so an org whose ids
-- are of their calls' starts has none. Raised in the transaction of the samples (src/calls/store/id-skews.ts).
CREATE TABLE id_skews (
  org       TEXT    NOT NULL,
  hour      INTEGER NOT NULL,                -- since the epoch, of started_at
  ahead_ms  INTEGER NOT NULL,                -- the most that an id is later than its call's start
  behind_ms INTEGER NOT NULL,                -- the most that it is earlier
  PRIMARY KEY (org, hour)
) WITHOUT ROWID;

-- Of the samples that are there already, any may be an hour off, which is the most that ingest takes: so says a row for
-- each hour that has some, until it is pruned with them. So are those of the Worker of before, which goes on until
-- the new one is uploaded: it takes calls of up to a day ago, and is given three hours.
INSERT INTO id_skews (org, hour, ahead_ms, behind_ms)
WITH RECURSIVE hours (org, hour) AS (
  SELECT org, min(
      coalesce((
        SELECT (('0x' || substr(id, 1, 8) || substr(id, 10, 4)) ->> '$') / 3600000 - 1
        FROM tool_invocations WHERE tool_invocations.org = orgs.org ORDER BY id LIMIT 1),
        unixepoch() / 3600),
      unixepoch() / 3600 - 25)
    FROM orgs WHERE state = 'active'
  UNION ALL
  SELECT org, hour + 1 FROM hours WHERE hour < unixepoch() / 3600 + 3
)
SELECT org, hour, 3600000, 3600000 FROM hours;
