-- The directory: who exists, what they may do, and on which shard their data lies. Small, and written
-- by operators only; nothing here grows with traffic.

-- One row an org, for good: a deleted org's row stays, so that its name is never given again.
CREATE TABLE orgs (
  org           TEXT    NOT NULL PRIMARY KEY,     -- ^[a-z0-9][a-z0-9-]{0,62}$
  tier          TEXT    NOT NULL CHECK (tier IN ('community', 'pro', 'team', 'enterprise')),
  entitlements  TEXT    NOT NULL DEFAULT '{}',    -- JSON: what differs from the default, src/orgs/org.ts
  limits        TEXT    NOT NULL DEFAULT '{}',    -- JSON: the same
  retention     TEXT    NOT NULL DEFAULT '{}',    -- JSON: overrides of the tier's, src/orgs/retention.ts
  shard         TEXT    NOT NULL,                 -- binding of the org's database, e.g. SHARD_0
  generation    INTEGER NOT NULL DEFAULT 1,       -- raised by a deletion or a move; the shard checks it
  state         TEXT    NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'deleting', 'deleted')),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  deleted_at_ms INTEGER                           -- when the deletion was asked for
) WITHOUT ROWID;

-- The cron's work lists: a shard's orgs in one state, by name.
CREATE INDEX orgs_by_shard ON orgs (shard, state, org);

-- A token is shown once; all that is kept is the SHA-256 of its text.
CREATE TABLE service_tokens (
  id            TEXT    NOT NULL PRIMARY KEY,     -- the id inside the token: time first, so it sorts by age
  org           TEXT    NOT NULL REFERENCES orgs (org),
  name          TEXT    NOT NULL,
  scopes        TEXT    NOT NULL,                 -- JSON array, in the order of src/orgs/principal.ts
  actor         TEXT,                             -- NULL: acts are recorded as service:<id>
  digest        TEXT    NOT NULL,                 -- lower-case hex
  created_at_ms INTEGER NOT NULL,
  created_by    TEXT    NOT NULL,
  expires_at_ms INTEGER,
  revoked_at_ms INTEGER                           -- the row stays, so that a record's actor can be looked up
) WITHOUT ROWID;

-- Newest first within an org; the id is the rest of the key.
CREATE INDEX service_tokens_by_org ON service_tokens (org, id DESC);

-- What operators did, each written in the transaction of the deed itself.
CREATE TABLE operator_actions (
  id             TEXT    NOT NULL PRIMARY KEY,    -- UUIDv7
  org            TEXT    NOT NULL,
  occurred_at_ms INTEGER NOT NULL,
  actor          TEXT    NOT NULL,
  action         TEXT    NOT NULL,                -- operator.<noun>.<verb>
  outcome        TEXT    NOT NULL,
  target         TEXT,                            -- e.g. token://<id>
  details        TEXT    NOT NULL DEFAULT '{}',   -- JSON: string, boolean or null values; no secrets
  request_id     TEXT
) WITHOUT ROWID;

CREATE INDEX operator_actions_by_org ON operator_actions (org, id DESC);
