-- Where an org's three streams go, as far as the org set it itself; an org without a row keeps to the
-- deployment's settings. Header values are sealed (src/streams/sealed-headers.ts): the database alone gives none
-- away. Deleted with its org, in the transaction that closes it.
CREATE TABLE observability (
  org           TEXT    NOT NULL PRIMARY KEY REFERENCES orgs (org),
  settings      TEXT    NOT NULL,                 -- JSON: OwnStreams of src/streams/observability.ts
  version       INTEGER NOT NULL,                 -- one more with each change: a change is a compare-and-set on it
  sends         INTEGER NOT NULL,                 -- 1: metrics or audit may have a receiver, so the cron looks here
  updated_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- The cron's list of orgs that set a receiver themselves.
CREATE INDEX observability_that_sends ON observability (org) WHERE sends = 1;
