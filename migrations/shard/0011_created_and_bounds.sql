-- When the first report that is counted here arrived. A total never starts anew, so this never changes. Not
-- known of what was counted before this column was there, and then not told.
ALTER TABLE series ADD COLUMN created_ms INTEGER;
ALTER TABLE instances ADD COLUMN created_ms INTEGER;

-- Classic buckets beyond 2^-8 and 2^6 s (src/calls/store/fold/classic-columns.ts): parts of le_0 and le_15, which
-- stay as they are, so that no bucket that was ever shown goes down, and the Worker of before, which goes on
-- until the new one is uploaded, counts nothing wrong.
ALTER TABLE series ADD COLUMN le_low_0  INTEGER NOT NULL DEFAULT 0;  -- up to 2^-11 s
ALTER TABLE series ADD COLUMN le_low_1  INTEGER NOT NULL DEFAULT 0;  -- up to 2^-9 s
ALTER TABLE series ADD COLUMN le_high_0 INTEGER NOT NULL DEFAULT 0;  -- from 2^6 to 2^8 s
ALTER TABLE series ADD COLUMN le_high_1 INTEGER NOT NULL DEFAULT 0;  -- to 2^9 s
ALTER TABLE series ADD COLUMN le_high_2 INTEGER NOT NULL DEFAULT 0;  -- to 2^11 s
ALTER TABLE series ADD COLUMN le_high_3 INTEGER NOT NULL DEFAULT 0;  -- to 2^14 s
ALTER TABLE series ADD COLUMN le_high_4 INTEGER NOT NULL DEFAULT 0;  -- to 2^17 s

-- Exactly, for 16 native buckets are one power of two: bucket 16n ends at 2^n s.
UPDATE series SET
  le_low_0 = b.low_0, le_low_1 = b.low_1,
  le_high_0 = b.high_0, le_high_1 = b.high_1, le_high_2 = b.high_2, le_high_3 = b.high_3, le_high_4 = b.high_4
FROM (
  SELECT s.org, s.series,
    total(j.value) FILTER (WHERE j.key + 0 <= -176)                AS low_0,
    total(j.value) FILTER (WHERE j.key + 0 BETWEEN -175 AND -144)  AS low_1,
    total(j.value) FILTER (WHERE j.key + 0 BETWEEN   97 AND  128)  AS high_0,
    total(j.value) FILTER (WHERE j.key + 0 BETWEEN  129 AND  144)  AS high_1,
    total(j.value) FILTER (WHERE j.key + 0 BETWEEN  145 AND  176)  AS high_2,
    total(j.value) FILTER (WHERE j.key + 0 BETWEEN  177 AND  224)  AS high_3,
    total(j.value) FILTER (WHERE j.key + 0 BETWEEN  225 AND  272)  AS high_4
  FROM series AS s, json_each(s.histogram) AS j
  GROUP BY s.org, s.series
) AS b
WHERE series.org = b.org AND series.series = b.series;
