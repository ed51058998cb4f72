-- An instance that said goodbye, and has not reported since (src/calls/instance-goodbye.ts): what `reports` say
-- of it, for the scrape, which does not read them. Written by the fold, with them.
ALTER TABLE instances ADD COLUMN has_departed INTEGER NOT NULL DEFAULT 0;
