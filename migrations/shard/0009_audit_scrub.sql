-- When the ledger last ended a full pass over its log, as it told: src/audit/ledger/proven/scrub.ts.
ALTER TABLE audit_logs ADD COLUMN scrubbed_at_ms INTEGER;
