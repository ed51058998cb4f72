-- What a sample is counted under where that is not its own name: '__other__' or '__unknown__' (src/calls/series.ts). Which
-- it is the fold decides, and writes with what it counts, so that the samples of either are as many as its counter.
ALTER TABLE tool_invocations ADD COLUMN counted_as TEXT;

-- Ids of an arrival's samples, 16 bytes each, those of its first series first: read only where some of them are counted
-- elsewhere. NULL of those from before, and where there are none.
ALTER TABLE arrivals ADD COLUMN ids BLOB;

-- Samples that are to be told so: written by the fold in its transaction, a row for each 1,000, and gone once it is done.
CREATE TABLE counted_marks (
  org        TEXT NOT NULL,
  id         TEXT NOT NULL,               -- UUIDv7
  counted_as TEXT NOT NULL CHECK (counted_as IN ('__other__', '__unknown__')),
  ids        TEXT NOT NULL,               -- JSON array of samples' ids
  PRIMARY KEY (org, id)
) WITHOUT ROWID;
