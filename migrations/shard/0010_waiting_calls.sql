-- One call has spans from its caller, gateways and its server, in any order. A server's is counted at once;
-- a caller's waits for its server's, in these two tables, and what the org as a whole sends is kept in `orgs`.

-- Callers' calls that are acknowledged and not counted yet: one row for those of a request. Counting them
-- deletes the row in the same transaction, so that none is counted twice. `payload` stands last: what is
-- not due is passed over without its pages.
CREATE TABLE waiting_calls (
  org         TEXT    NOT NULL,
  id          TEXT    NOT NULL,                  -- UUIDv7 of the arrival
  received_ms INTEGER NOT NULL,
  due_ms      INTEGER NOT NULL,
  calls       INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,                  -- length of payload
  payload     TEXT    NOT NULL,                  -- src/calls/pairing/waiting-calls.ts
  PRIMARY KEY (org, id)
) WITHOUT ROWID;

-- How a request's spans hang together, for a quarter of an hour. `seq` counts up by commit, so that who
-- decides by what he has read can tell whether anything came after it: the newest row is never deleted.
-- Orgs that never sent a caller's span have no rows.
CREATE TABLE call_links (
  org         TEXT    NOT NULL,
  seq         INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  traces      BLOB    NOT NULL,                  -- JSONB, src/calls/pairing/call-links.ts
  PRIMARY KEY (org, seq)
) WITHOUT ROWID;

ALTER TABLE orgs ADD COLUMN spans_since_ms INTEGER;               -- the first span of a call came
ALTER TABLE orgs ADD COLUMN callers_since_ms INTEGER;             -- the first caller's
ALTER TABLE orgs ADD COLUMN servers_ms INTEGER NOT NULL DEFAULT 0; -- the last server's, to the hour
ALTER TABLE orgs ADD COLUMN doubled_ms INTEGER NOT NULL DEFAULT 0; -- the last call that several servers told of, to the hour
ALTER TABLE orgs ADD COLUMN sampled_ms INTEGER NOT NULL DEFAULT 0; -- the last span whose tracestate tells of sampling, to the hour
ALTER TABLE orgs ADD COLUMN late_calls INTEGER NOT NULL DEFAULT 0; -- servers' that came after their callers' were counted
ALTER TABLE orgs ADD COLUMN late_ms INTEGER NOT NULL DEFAULT 0;    -- the last of these
