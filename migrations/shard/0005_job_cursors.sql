-- Where each of the cron's jobs stopped on this shard: the next tick goes on there. A job that came to the
-- end of its list has no row, and a row is written only when it changes: an idle tick writes none.
CREATE TABLE job_cursors (
  job   TEXT NOT NULL PRIMARY KEY,
  after TEXT NOT NULL                -- place of the last item that was reached, in the order of the job's list
) WITHOUT ROWID;
