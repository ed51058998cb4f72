-- What the signer remembers of each log, outside the ledger itself: a ledger set back to an older state
-- is found by what was signed, and this row set back by what the ledger has published. A log outlives its
-- org, so erasing an org leaves this table alone.
CREATE TABLE audit_logs (
  org                   TEXT    NOT NULL,
  log                   INTEGER NOT NULL,            -- 1, then one more for each recovery
  tree_size             INTEGER NOT NULL DEFAULT 0,  -- as last told by the ledger
  oldest_at_ms          INTEGER,                     -- when the oldest entry that pruning may start with was recorded
  signed_size           INTEGER NOT NULL DEFAULT 0,
  signed_root           TEXT,                        -- base64
  signed_at_ms          INTEGER,
  checkpoint            TEXT,                        -- the signed note: kept before it leaves, so that it can be sent again
  published_size        INTEGER NOT NULL DEFAULT 0,  -- of the checkpoint that the ledger has for sure
  sign_after_ms         INTEGER,                     -- place in the signer's queue; NULL: nothing to do
  key_epoch             INTEGER NOT NULL DEFAULT 1,
  seed_version          INTEGER NOT NULL DEFAULT 1,  -- which MCPG_LEDGER_SEED the key derives from
  rotation_seq          INTEGER,                     -- entry ledger.key_rotated that the old key has to sign first
  rotation_seed_version INTEGER,
  keys                  TEXT    NOT NULL DEFAULT '[]', -- JSON: src/audit/signing/signing-key.ts
  frozen_reason         TEXT,                        -- no more is signed
  PRIMARY KEY (org, log),
  CHECK (published_size <= signed_size AND signed_size <= tree_size),
  CHECK ((signed_size = 0) = (signed_root IS NULL) AND (signed_size = 0) = (checkpoint IS NULL))
) WITHOUT ROWID;

CREATE INDEX audit_logs_to_sign ON audit_logs (sign_after_ms) WHERE sign_after_ms IS NOT NULL;

-- One size, one root, and never backwards, whoever signs and however often.
CREATE TRIGGER audit_logs_never_go_back BEFORE UPDATE ON audit_logs
WHEN NEW.signed_size < OLD.signed_size OR NEW.published_size < OLD.published_size
  OR (NEW.signed_size = OLD.signed_size AND NEW.signed_root IS NOT OLD.signed_root)
  OR (OLD.frozen_reason IS NOT NULL AND NEW.signed_size > OLD.signed_size)
BEGIN SELECT RAISE(ABORT, 'audit_logs: must not go back'); END;

-- Orgs from before the ledger.
INSERT INTO audit_logs (org, log) SELECT org, 1 FROM orgs WHERE true ON CONFLICT DO NOTHING;
