-- How much room is left, and who takes it.

-- Bytes of the ledger's own database, as it last told with its size.
ALTER TABLE audit_logs ADD COLUMN bytes INTEGER;
