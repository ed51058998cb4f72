-- An org's data keys: random, one for each purpose and version, and here only wrapped (src/vault/wrapped-key.ts). A
-- payload's needs a share besides, which is in the org's ledger object and nowhere in D1.
CREATE TABLE data_keys (
  org              TEXT    NOT NULL,
  purpose          TEXT    NOT NULL CHECK (purpose IN ('payload', 'stream_header', 'plugin_header', 'error_fingerprint')),
  version          INTEGER NOT NULL CHECK (version >= 0),
  wrapped          BLOB,               -- nonce, ciphertext, tag; empty: derived from the first key-encryption key; NULL: destroyed
  kek_version      INTEGER,            -- 1 for MCPG_PAYLOAD_KEK, 2 for MCPG_PAYLOAD_KEK_2
  created_at_ms    INTEGER NOT NULL,
  superseded_at_ms INTEGER,            -- when a later version came
  is_doomed        INTEGER NOT NULL DEFAULT 0 CHECK (is_doomed IN (0, 1)), -- being destroyed: nothing opens with it any more
  destroyed_at_ms  INTEGER,
  entry            TEXT,               -- JSON: what was done to it, while that is not on its way to the ledger
  PRIMARY KEY (org, purpose, version),
  CHECK ((wrapped IS NULL) = (destroyed_at_ms IS NOT NULL)),
  CHECK ((wrapped IS NULL) = (kek_version IS NULL)),
  -- Another one would group errors anew.
  CHECK (purpose <> 'error_fingerprint' OR version = 1)
) STRICT, WITHOUT ROWID;

-- Orgs of before: their keys were derived from the key-encryption key, and are wrapped like all others once there is a
-- second one. What was sealed with them says no version, which is version 0; groups of errors stay what they were.
INSERT INTO data_keys (org, purpose, version, wrapped, kek_version, created_at_ms)
SELECT org, purpose, version, x'', 1, unixepoch() * 1000
FROM orgs CROSS JOIN (SELECT 'error_fingerprint' AS purpose, 1 AS version
  UNION ALL SELECT 'stream_header', 0 UNION ALL SELECT 'plugin_header', 0)
WHERE orgs.state = 'active';

-- Which are wrapped by an earlier key-encryption key: a row a key, and keys are few.
CREATE INDEX data_keys_by_kek ON data_keys (kek_version, org) WHERE kek_version IS NOT NULL;
-- Earlier versions: the cron has what is sealed with them sealed anew, and destroys those that nothing is sealed with.
CREATE INDEX data_keys_superseded ON data_keys (org) WHERE superseded_at_ms IS NOT NULL AND wrapped IS NOT NULL;
CREATE INDEX data_keys_untold ON data_keys (org) WHERE entry IS NOT NULL;

CREATE TRIGGER data_keys_only_grow BEFORE INSERT ON data_keys
WHEN EXISTS (SELECT 1 FROM data_keys AS old WHERE old.org = NEW.org AND old.purpose = NEW.purpose
  AND (old.version > NEW.version OR (old.version = NEW.version AND old.destroyed_at_ms IS NOT NULL)))
BEGIN SELECT RAISE(ABORT, 'data_keys: versions only grow'); END;

CREATE TRIGGER data_keys_supersede AFTER INSERT ON data_keys
BEGIN UPDATE data_keys SET superseded_at_ms = NEW.created_at_ms
  WHERE org = NEW.org AND purpose = NEW.purpose AND version < NEW.version AND superseded_at_ms IS NULL; END;

CREATE TRIGGER data_keys_destroyed_stay_so BEFORE UPDATE ON data_keys
WHEN NEW.is_doomed < OLD.is_doomed OR (OLD.destroyed_at_ms IS NOT NULL
  AND (NEW.wrapped IS NOT NULL OR NEW.destroyed_at_ms IS NOT OLD.destroyed_at_ms))
BEGIN SELECT RAISE(ABORT, 'data_keys: what is destroyed never comes back'); END;

CREATE TRIGGER data_keys_newest_stays BEFORE UPDATE OF is_doomed, destroyed_at_ms ON data_keys
WHEN (NEW.is_doomed = 1 OR NEW.destroyed_at_ms IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM data_keys AS later
  WHERE later.org = OLD.org AND later.purpose = OLD.purpose AND later.version > OLD.version)
BEGIN SELECT RAISE(ABORT, 'data_keys: the newest stays'); END;

CREATE TRIGGER data_keys_stay_what_they_are BEFORE UPDATE OF org, purpose, version, created_at_ms ON data_keys
BEGIN SELECT RAISE(ABORT, 'data_keys: only rewrapped or destroyed'); END;

CREATE TRIGGER data_keys_leave_with_their_org BEFORE DELETE ON data_keys
WHEN EXISTS (SELECT 1 FROM orgs WHERE org = OLD.org AND state = 'active')
BEGIN SELECT RAISE(ABORT, 'data_keys: leave with their org'); END;
