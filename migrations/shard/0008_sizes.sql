-- How much room is left, and who takes it.

-- Bytes of the ledger's own database, as it last told with its size.
ALTER TABLE audit_logs ADD COLUMN bytes INTEGER;

-- How much of the shard an org takes, as last estimated (src/orgs/space/space-job.ts), and since when the shard has been
-- too full for its samples and spans: read by the very condition that lets a report in, so ingest pays nothing.
ALTER TABLE orgs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orgs ADD COLUMN measured_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orgs ADD COLUMN refused_since_ms INTEGER;
-- One org of a shard, the largest: never a neighbour besides.
CREATE UNIQUE INDEX orgs_refused ON orgs ((1)) WHERE refused_since_ms IS NOT NULL;

-- What the estimate counts: samples are as many as the totals say that there ever were, less those pruned.
ALTER TABLE orgs ADD COLUMN samples_pruned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orgs ADD COLUMN span_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE orgs SET
  samples_pruned = max(0,
    (SELECT coalesce(sum(ok + client_error + server_error + policy_denied + quota_exceeded + idempotent_replay), 0)
     FROM series WHERE series.org = orgs.org)
    - (SELECT count(*) FROM tool_invocations AS t WHERE t.org = orgs.org)),
  span_bytes = (SELECT coalesce(sum(100 + octet_length(traces) + octet_length(payload)), 0)
    FROM spans WHERE spans.org = orgs.org);
