-- What tools were called with and what they answered, sealed (src/payloads/sealed-payload.ts): of an org that is entitled to
-- it, for as long as samples.

-- Small payloads of one report share a row: those of samples whose ids are within the same ten minutes, so that a row goes
-- with its samples. Each field is sealed by itself, one behind the other; `pieces` stands before them, for it is read
-- alone where a payload is looked for.
CREATE TABLE tool_invocation_payloads (
  org         TEXT    NOT NULL,
  id          TEXT    NOT NULL,              -- the sample's where it has the row alone; else a UUIDv7 of the last sample's time
  key_version INTEGER NOT NULL,              -- of the org's payload key
  pieces      TEXT    NOT NULL CHECK (json_valid(pieces)),  -- {sample's id: [offset, bytes of the request, of the response]}
  sealed      BLOB    NOT NULL,
  PRIMARY KEY (org, id)
) WITHOUT ROWID;

-- The row that has the sample's payload. NULL where none does, or where one of the sample's own id may.
ALTER TABLE tool_invocations ADD COLUMN payload_row TEXT;

-- About how many bytes payloads have, as span_bytes is of spans; and how often one did not open.
ALTER TABLE orgs ADD COLUMN payload_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orgs ADD COLUMN payloads_refused INTEGER NOT NULL DEFAULT 0;

-- How far the org's payloads are sealed with a version of the key, or a later one: rows up to that id are. A row a rotation.
CREATE TABLE payload_resealings (
  org         TEXT    NOT NULL,
  key_version INTEGER NOT NULL,
  after_id    TEXT    NOT NULL DEFAULT '',
  is_done     INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (org, key_version)
) WITHOUT ROWID;

-- Erasures that are under way: what a request began the next tick ends. Nothing is erased that is not on its way to the
-- ledger.
CREATE TABLE payload_erasures (
  org        TEXT NOT NULL,
  id         TEXT NOT NULL,                  -- UUIDv7: the entry's event_id
  deed       TEXT NOT NULL CHECK (json_valid(deed)),  -- as the ledger is to have it
  actor      TEXT,                           -- whose payloads; NULL: the one sample's
  invocation TEXT,
  after_id   TEXT NOT NULL DEFAULT '',       -- samples up to this one were looked at
  erased     INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (org, id),
  CHECK ((actor IS NULL) <> (invocation IS NULL))
) WITHOUT ROWID;
