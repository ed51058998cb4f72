/**
 * The ledger's own tables, one SQLite database a log. What must never happen is refused here, below
 * all code: an entry is never changed, leaves only with a pruned prefix, and extends the chain.
 */
import { SKETCH_MIGRATIONS } from "#audit/ledger/sketches/sketch-migrations.ts";

/** Numbered by place. A released one is never edited: another is added. */
export const MIGRATIONS: readonly string[] = [
  `
-- One row: which log this is, and how far its signing and pruning have come.
CREATE TABLE log (
  id              INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  org             TEXT    NOT NULL,
  number          INTEGER NOT NULL,               -- 1, then one more for each recovery
  shard           TEXT    NOT NULL,               -- whose D1 is told the size
  origin          TEXT    NOT NULL,               -- C2SP checkpoint origin and key name
  tree_size       INTEGER NOT NULL DEFAULT 0,     -- entries that the log has taken
  min_index       INTEGER NOT NULL DEFAULT 0,     -- entries below are pruned
  prune_to        INTEGER,                        -- announced by the entry at prune_entry, done once that is signed
  prune_entry     INTEGER,
  told_size       INTEGER NOT NULL DEFAULT 0,     -- as D1 knows it
  published_size  INTEGER NOT NULL DEFAULT 0,
  published_at_ms INTEGER,
  checkpoint      TEXT,                           -- the signed note of published_size
  frozen_reason   TEXT,                           -- a proven contradiction: no more appends
  frozen_at_ms    INTEGER,
  successor       INTEGER,                        -- the log that goes on, once recovered
  CHECK (min_index <= published_size AND published_size <= tree_size)
) STRICT;

CREATE TRIGGER log_never_goes_back BEFORE UPDATE ON log
WHEN NEW.min_index < OLD.min_index OR NEW.published_size < OLD.published_size
  OR (OLD.frozen_reason IS NOT NULL AND NEW.frozen_reason IS NOT OLD.frozen_reason)
  OR (OLD.successor IS NOT NULL AND NEW.successor IS NOT OLD.successor)
  OR NEW.origin <> OLD.origin OR NEW.org <> OLD.org OR NEW.number <> OLD.number
BEGIN SELECT RAISE(ABORT, 'log: must not go back'); END;

CREATE TRIGGER log_is_one BEFORE INSERT ON log WHEN EXISTS (SELECT 1 FROM log)
BEGIN SELECT RAISE(ABORT, 'log: must not go back'); END;

CREATE TRIGGER log_stays BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'log: must not go back'); END;

-- The leaves. Every column to search by is computed from the hashed bytes, so none can disagree.
CREATE TABLE entries (
  seq           INTEGER NOT NULL PRIMARY KEY,     -- the leaf index, dense from 0
  body          TEXT    NOT NULL CHECK (octet_length(body) <= 65535), -- canonical JSON: what is hashed
  hash          BLOB    NOT NULL CHECK (octet_length(hash) = 32),     -- SHA-256(body)
  previous_hash BLOB    NOT NULL,
  leaf          BLOB    NOT NULL CHECK (octet_length(leaf) = 32),     -- SHA-256(0x00 || body), RFC 6962
  begins_append INTEGER          CHECK (begins_append = 1),           -- NULL: follows one of its own append
  event_id      TEXT GENERATED ALWAYS AS (body ->> 'event_id') VIRTUAL,
  action        TEXT GENERATED ALWAYS AS (body ->> 'action') VIRTUAL,
  actor         TEXT GENERATED ALWAYS AS (body ->> 'actor') VIRTUAL,
  instance      TEXT GENERATED ALWAYS AS (body ->> 'instance_id') VIRTUAL,
  outcome       TEXT GENERATED ALWAYS AS (body ->> 'outcome') VIRTUAL,
  request_id    TEXT GENERATED ALWAYS AS (body ->> 'request_id') VIRTUAL,
  trace_id      TEXT GENERATED ALWAYS AS (body ->> 'trace_id') VIRTUAL,
  recorded_at   TEXT GENERATED ALWAYS AS (body ->> 'recorded_at') VIRTUAL,
  time          TEXT GENERATED ALWAYS AS (coalesce(body ->> 'occurred_at', body ->> 'recorded_at')) VIRTUAL
) STRICT;

-- No two appends follow the same entry. Within one, the trigger on the log's row ties each to the one before;
-- an index over all of these hashes, random as they are, costs an append a sixth of its time.
CREATE UNIQUE INDEX entries_follow_one_head ON entries (previous_hash) WHERE begins_append = 1;
CREATE UNIQUE INDEX entries_by_event_id ON entries (event_id);
CREATE INDEX entries_by_action ON entries (action, seq);
CREATE INDEX entries_by_actor ON entries (actor, seq);
CREATE INDEX entries_by_instance ON entries (instance, seq);
-- Sparse ones cost a row only where there is something to find; nearly every outcome is 'allowed'.
CREATE INDEX entries_by_outcome ON entries (outcome, seq) WHERE outcome <> 'allowed';

-- Entries count from when the log's row takes them: in the transaction that inserts them, and only if
-- they extend the chain of an open log. Asked once for all of an append: a trigger on each row has SQLite
-- compute its generated columns once more, and made an insert 2.5 times as slow.
CREATE TRIGGER log_takes_what_extends_the_chain BEFORE UPDATE OF tree_size ON log
WHEN OLD.frozen_reason IS NOT NULL OR OLD.successor IS NOT NULL
  OR NEW.tree_size <= OLD.tree_size OR NEW.tree_size <> (SELECT max(seq) + 1 FROM entries)
  OR (SELECT begins_append FROM entries WHERE seq = OLD.tree_size) IS NOT 1
  OR NEW.tree_size - OLD.tree_size <> (
    SELECT count(*) FROM entries AS new WHERE new.seq >= OLD.tree_size AND new.previous_hash IS
      CASE new.seq WHEN 0 THEN zeroblob(32)
      ELSE (SELECT old.hash FROM entries AS old WHERE old.seq = new.seq - 1) END)
BEGIN SELECT RAISE(ABORT, 'log: takes what extends the chain while it is open'); END;

CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries: never change'); END;

CREATE TRIGGER entries_leave_as_a_pruned_prefix BEFORE DELETE ON entries
WHEN OLD.seq >= (SELECT min_index FROM log)
BEGIN SELECT RAISE(ABORT, 'entries: only a pruned prefix leaves'); END;

-- The tree, in C2SP tiles of 256 hashes: those at level 0 are written when they are full (until then
-- the leaves are in entries), those above grow by a hash at a time. Kept for ever: 0.13 bytes an entry
-- above level 0, and 32 at it, which outlive the bodies.
CREATE TABLE tiles (
  level  INTEGER NOT NULL,
  idx    INTEGER NOT NULL,
  hashes BLOB    NOT NULL CHECK (octet_length(hashes) % 32 = 0 AND octet_length(hashes) <= 8192),
  PRIMARY KEY (level, idx)
) STRICT;

CREATE TRIGGER tiles_only_grow BEFORE UPDATE ON tiles
WHEN substr(NEW.hashes, 1, octet_length(OLD.hashes)) IS NOT OLD.hashes
  OR NEW.level <> OLD.level OR NEW.idx <> OLD.idx
BEGIN SELECT RAISE(ABORT, 'tiles: only grow'); END;

CREATE TRIGGER tiles_are_not_replaced BEFORE INSERT ON tiles
WHEN EXISTS (SELECT 1 FROM tiles AS old WHERE old.level = NEW.level AND old.idx = NEW.idx
  AND substr(NEW.hashes, 1, octet_length(old.hashes)) IS NOT old.hashes)
BEGIN SELECT RAISE(ABORT, 'tiles: only grow'); END;

CREATE TRIGGER tiles_stay BEFORE DELETE ON tiles
BEGIN SELECT RAISE(ABORT, 'tiles: stay'); END;

-- What each bundle of 256 entries spans: a search by time skips the others without an index row an entry.
CREATE TABLE bundles (
  idx      INTEGER NOT NULL PRIMARY KEY,
  time_min TEXT    NOT NULL,
  time_max TEXT    NOT NULL,
  bytes    INTEGER NOT NULL,                      -- of the bodies, a line end each
  ids      BLOB    NOT NULL                       -- src/audit/ledger/sketches/id-runs.ts; empty once they are merged
) STRICT;

-- Fingerprints of the request, trace and invocation ids of 65,536 entries, sorted, cut in 256 parts.
CREATE TABLE id_runs (
  idx  INTEGER NOT NULL,
  part INTEGER NOT NULL,
  ids  BLOB    NOT NULL,
  PRIMARY KEY (idx, part)
) STRICT, WITHOUT ROWID;

-- Ids of pruned entries that a sender may still resend.
CREATE TABLE pruned_ids (
  event_id      TEXT    NOT NULL PRIMARY KEY,
  seq           INTEGER NOT NULL,
  submitted     BLOB    NOT NULL,                 -- SHA-256 of what the sender said
  hash          BLOB    NOT NULL,
  previous_hash BLOB    NOT NULL,
  recorded_at   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pruned_ids_by_age ON pruned_ids (recorded_at);

-- Legal holds: while one is not released, nothing is pruned.
CREATE TABLE holds (
  id             TEXT    NOT NULL PRIMARY KEY,    -- UUIDv7, that of the entry operator.hold.placed
  reason         TEXT    NOT NULL,
  placed_by      TEXT    NOT NULL,
  placed_at_ms   INTEGER NOT NULL,
  released_by    TEXT,
  released_at_ms INTEGER
) STRICT, WITHOUT ROWID;
`,
  `
-- For how many days entries are kept, from an index on (src/audit/ledger/times/retention-ranges.ts): made of
-- the entry before that index, which tells of the change.
CREATE TABLE retention_ranges (
  from_seq INTEGER NOT NULL PRIMARY KEY,
  days     INTEGER NOT NULL CHECK (days > 0)
) STRICT;

CREATE TRIGGER retention_shortens_later_entries_only BEFORE INSERT ON retention_ranges
WHEN (NEW.from_seq <> 0 OR EXISTS (SELECT 1 FROM retention_ranges)) AND (
  NEW.from_seq <= (SELECT tree_size FROM log)
  OR NEW.days >= (SELECT min(days) FROM retention_ranges)
  OR (SELECT action GLOB 'operator.*' OR action GLOB 'ledger.*' FROM entries
    WHERE seq = NEW.from_seq - 1) IS NOT 1)
BEGIN SELECT RAISE(ABORT, 'retention_ranges: a promise is not taken back'); END;

CREATE TRIGGER retention_is_raised_only BEFORE UPDATE ON retention_ranges
WHEN NEW.days < OLD.days OR NEW.from_seq <> OLD.from_seq
BEGIN SELECT RAISE(ABORT, 'retention_ranges: a promise is not taken back'); END;

CREATE TRIGGER retention_stays BEFORE DELETE ON retention_ranges
WHEN NOT EXISTS (SELECT 1 FROM retention_ranges AS earlier
  WHERE earlier.from_seq < OLD.from_seq AND earlier.days >= OLD.days)
BEGIN SELECT RAISE(ABORT, 'retention_ranges: a promise is not taken back'); END;
`,
  `
-- What the ledger has seen of its clock: src/audit/ledger/times/ledger-clock.ts.
CREATE TABLE clock (
  id              INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  newest_ms       INTEGER NOT NULL,
  steady_since_ms INTEGER NOT NULL,
  is_settled      INTEGER NOT NULL CHECK (is_settled IN (0, 1)),
  is_awaited      INTEGER NOT NULL CHECK (is_awaited IN (0, 1))  -- a deletion waits for it
) STRICT;
`,
  `
-- D1 has to know of a freeze, and is told until it does.
ALTER TABLE log ADD COLUMN told_frozen INTEGER NOT NULL DEFAULT 0 CHECK (told_frozen IN (0, 1));

-- One row: how far the scrubber has come (src/audit/ledger/proven/scrub.ts).
CREATE TABLE scrub (
  id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  next_at_ms    INTEGER NOT NULL,
  started_at_ms INTEGER,
  size          INTEGER,                          -- of the log when the pass under way began; NULL between passes
  position      INTEGER NOT NULL DEFAULT 0,       -- bundles below are proven by that pass
  passed_at_ms  INTEGER,                          -- the end of the last full pass, and what it covered
  passed_size   INTEGER,
  told_at_ms    INTEGER                           -- the passed_at_ms that D1 knows
) STRICT;
`,
  `
-- How often what a search skips entries by had to be written anew (src/audit/ledger/sketches/mend-bundle.ts).
ALTER TABLE scrub ADD COLUMN mended_bundles INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scrub ADD COLUMN mended_at_ms INTEGER;
`,
  `
-- The gateway's entries have no instance: they need no row here, and are two of three entries of a busy log.
DROP INDEX entries_by_instance;
CREATE INDEX entries_by_instance ON entries (instance, seq) WHERE instance IS NOT NULL;

-- Calls that the gateway has let through and that have not ended (src/audit/ledger/calls): no part of the log's
-- state. A call ends once: by the deletion of its row, in the transaction that completes it.
CREATE TABLE open_calls (
  id           TEXT    NOT NULL PRIMARY KEY,      -- UUIDv7, the decision's event_id
  call         TEXT    NOT NULL CHECK (json_valid(call)),
  due_at_ms    INTEGER NOT NULL,                  -- by when it is to be heard of, or its wait is over
  missed_at_ms INTEGER,                           -- since when a sweep has missed it: given up soon after
  is_waiting   INTEGER NOT NULL DEFAULT 0 CHECK (is_waiting IN (0, 1)), -- nobody serves it until its key comes
  wait_key     TEXT                               -- of the last wait, or of who came with it
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX open_calls_by_key ON open_calls (wait_key) WHERE wait_key IS NOT NULL;

-- What D1 is to be given of calls that ended, a row for those that ended in one transaction.
CREATE TABLE ended_calls (
  batch INTEGER NOT NULL PRIMARY KEY,
  calls TEXT    NOT NULL CHECK (json_valid(calls))
) STRICT;
`,
  `
-- Shares of the org's payload keys (src/audit/ledger/keys/stored-shares.ts): no part of the log's state.
CREATE TABLE key_shares (
  version INTEGER NOT NULL PRIMARY KEY,           -- of the payload key
  share   BLOB    CHECK (octet_length(share) = 32) -- NULL: destroyed
) STRICT;

-- A row: all are destroyed, and none is made again.
CREATE TABLE key_shares_end (
  id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  ended_at_ms INTEGER NOT NULL
) STRICT;

CREATE TRIGGER key_shares_end_stays BEFORE DELETE ON key_shares_end
BEGIN SELECT RAISE(ABORT, 'key_shares: what is destroyed never comes back'); END;

CREATE TRIGGER key_shares_are_made_until_the_end BEFORE INSERT ON key_shares
WHEN NEW.share IS NOT NULL AND (EXISTS (SELECT 1 FROM key_shares_end)
  OR EXISTS (SELECT 1 FROM key_shares AS old WHERE old.version = NEW.version AND old.share IS NULL))
BEGIN SELECT RAISE(ABORT, 'key_shares: what is destroyed never comes back'); END;

CREATE TRIGGER key_shares_are_only_destroyed BEFORE UPDATE ON key_shares
WHEN NEW.share IS NOT NULL OR NEW.version <> OLD.version
BEGIN SELECT RAISE(ABORT, 'key_shares: are only destroyed'); END;

CREATE TRIGGER key_shares_stay BEFORE DELETE ON key_shares
BEGIN SELECT RAISE(ABORT, 'key_shares: what is destroyed never comes back'); END;
`,
  ...SKETCH_MIGRATIONS,
];

/**
 * Migrates in one synchronous transaction, before the first request: a half-migrated ledger serves nobody.
 */
export function migrate(storage: DurableObjectStorage): void {
  const { sql } = storage;
  storage.transactionSync(() => {
    sql.exec("CREATE TABLE IF NOT EXISTS migrations (number INTEGER NOT NULL PRIMARY KEY) STRICT");
    const done = sql.exec("SELECT count(*) AS n FROM migrations").one()["n"] as number;
    for (const [offset, migration] of MIGRATIONS.slice(done).entries()) {
      sql.exec(migration);
      sql.exec("INSERT INTO migrations (number) VALUES (?)", done + offset + 1);
    }
  });
}
