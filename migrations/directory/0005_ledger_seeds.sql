-- By what each of the ledger's seeds is known again: kept when the seed is first used, before anything is signed
-- with a key of it. A value derived for this alone (src/vault/derive.ts), which tells nothing of the seed.
CREATE TABLE ledger_seeds (
  version     INTEGER NOT NULL PRIMARY KEY,   -- 1 for MCPG_LEDGER_SEED, 2 for MCPG_LEDGER_SEED_2
  check_value TEXT    NOT NULL,               -- hex
  kept_at_ms  INTEGER NOT NULL
);

-- Of two deployments with two seeds the first one's stays: the other may sign nothing.
CREATE TRIGGER ledger_seeds_stay BEFORE UPDATE ON ledger_seeds
BEGIN SELECT RAISE(ABORT, 'ledger_seeds: must stay'); END;
