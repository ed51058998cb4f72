-- After how many days an org's data keys have their next version; 0: only when somebody asks.
ALTER TABLE orgs ADD COLUMN key_rotation_days INTEGER NOT NULL DEFAULT 0;
CREATE INDEX orgs_that_rotate_keys ON orgs (shard, org) WHERE key_rotation_days > 0;
