-- For how many days the ledger promised to keep its oldest entry, where that is more than is in force now:
-- before then the cron need not ask it.
ALTER TABLE audit_logs ADD COLUMN kept_days INTEGER NOT NULL DEFAULT 0;
