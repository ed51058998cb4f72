-- The newest time at which the fold wrote when a series or an instance was last seen: where it is yet to come, a clock
-- was ahead, and those times are set back (src/calls/store/far-times.ts) at the cost of one look where it is not.
ALTER TABLE orgs ADD COLUMN seen_until_ms INTEGER NOT NULL DEFAULT 0;
UPDATE orgs SET seen_until_ms = max(
  (SELECT coalesce(max(last_seen_ms), 0) FROM series WHERE series.org = orgs.org),
  (SELECT coalesce(max(last_report_ms), 0) FROM instances WHERE instances.org = orgs.org));
