-- What the cron has seen of its clock on this shard: nothing is deleted by a clock that has not been steady
-- for an hour (src/platform/steady-clock.ts). One row, written every five minutes.
CREATE TABLE clock (
  id              INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  newest_ms       INTEGER NOT NULL,
  steady_since_ms INTEGER NOT NULL,
  is_settled      INTEGER NOT NULL CHECK (is_settled IN (0, 1))
) WITHOUT ROWID;

-- The newest sample that was pruned: pruned_before_ms may come down again, after a clock that was ahead, but
-- never to a time from which a sample has been counted and deleted. Of what was pruned before this column
-- was there, only the mark is known.
ALTER TABLE orgs ADD COLUMN newest_pruned_id TEXT;
UPDATE orgs SET newest_pruned_id =
    printf('%08x-%04x-7000-8000-000000000000', pruned_before_ms >> 16, pruned_before_ms & 65535)
  WHERE pruned_before_ms > 0;
