-- By what each key-encryption key is known again: kept when it first wraps a data key (src/vault/kek-check.ts). A value
-- derived for this alone, which tells nothing of the key.
CREATE TABLE payload_keks (
  version     INTEGER NOT NULL PRIMARY KEY,   -- 1 for MCPG_PAYLOAD_KEK, 2 for MCPG_PAYLOAD_KEK_2
  check_value TEXT    NOT NULL,               -- hex
  kept_at_ms  INTEGER NOT NULL
);

-- Of two deployments with two keys the first one's stays: the other may wrap nothing.
CREATE TRIGGER payload_keks_stay BEFORE UPDATE ON payload_keks
BEGIN SELECT RAISE(ABORT, 'payload_keks: must stay'); END;
