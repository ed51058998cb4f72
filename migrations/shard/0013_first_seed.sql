-- Which seed a log's first key derives from is chosen when that key is first shown or used, and is the newest of that
-- time: until then `seed_version` says nothing, so that an old seed is not needed for logs that nothing was signed of.
ALTER TABLE audit_logs ADD COLUMN seed_chosen INTEGER NOT NULL DEFAULT 0 CHECK (seed_chosen IN (0, 1));
UPDATE audit_logs SET seed_chosen = 1 WHERE keys <> '[]';
