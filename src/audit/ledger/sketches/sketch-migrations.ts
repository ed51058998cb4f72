/** What changed of the ledger's schema when searches came to go by sketches alone. */

/**
 * Of an entry in which an operator's deed or the ledger itself is told. What decides what may leave the log is asked
 * of these, by an index of their own: no search's sketch is between. SQLite uses that where a query says the same.
 */
export const IS_OWN_ACTION = "(action GLOB 'operator.*' OR action GLOB 'ledger.*')";

/** The last of src/audit/ledger/schema.ts. */
export const SKETCH_MIGRATIONS: readonly string[] = [
  `
-- Actions, actors, instances and outcomes are found by postings (src/audit/ledger/sketches/postings.ts), which are in the
-- bundle's row until 256 bundles of them are merged, and empty from then on. NULL: of bundles from before, until
-- the scrubber makes them.
ALTER TABLE bundles ADD COLUMN postings BLOB;
CREATE INDEX bundles_without_postings ON bundles (idx) WHERE postings IS NULL;

-- A pass begins as soon as the object starts, however short a time ago the last one has.
UPDATE scrub SET started_at_ms = NULL, size = NULL, position = 0;

-- Of 65,536 entries, sorted, cut in 256 parts.
CREATE TABLE posting_runs (
  idx      INTEGER NOT NULL,
  part     INTEGER NOT NULL,
  postings BLOB    NOT NULL,
  PRIMARY KEY (idx, part)
) STRICT, WITHOUT ROWID;

-- Every action that an entry has had: src/audit/ledger/sketches/known-actions.ts.
CREATE TABLE actions (
  action TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- A seek for each action, not a step for each entry.
INSERT INTO actions WITH RECURSIVE had (action) AS (
  SELECT min(action) FROM entries
  UNION ALL SELECT (SELECT min(later.action) FROM entries AS later WHERE later.action > had.action)
  FROM had WHERE had.action IS NOT NULL)
SELECT action FROM had WHERE action IS NOT NULL;

-- What decides what may leave is asked of few entries, which no gateway can report.
CREATE INDEX entries_by_own_action ON entries (action, seq) WHERE ${IS_OWN_ACTION};
DROP INDEX entries_by_action;
DROP INDEX entries_by_actor;
DROP INDEX entries_by_instance;
DROP INDEX entries_by_outcome;
`,
  `
-- A row less an append. The trigger on the log's row refuses by itself what this refused: of the entries that it
-- takes each names the hash of the one whose number is one less, and numbers are the primary key, so two that
-- name the same one cannot both be taken. What is not taken counts for nothing.
DROP INDEX entries_follow_one_head;
`,
  `
-- No statement asks for these, but one for the time, which it computes: sketches find what has them, and its bytes
-- are judged. SQLite computes every such column of each row that is inserted, a fifth of what an insert takes.
ALTER TABLE entries DROP COLUMN actor;
ALTER TABLE entries DROP COLUMN instance;
ALTER TABLE entries DROP COLUMN outcome;
ALTER TABLE entries DROP COLUMN request_id;
ALTER TABLE entries DROP COLUMN trace_id;
ALTER TABLE entries DROP COLUMN time;
`,
];
