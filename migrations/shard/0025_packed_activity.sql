-- Cells of activity as text that is read without a JSON object (src/calls/activity/packed-cells.ts): shorter, and
-- all tools of a day are read in a sixth of the time. The columns are the same, with text where JSONB was: of `plugins` and
-- `series`, [place in the block, how many cells, cell, count, …] of each, and of `totals` [cell, count, …].
--
-- `a` is a number, `b` what is left of it behind its first character, and so on: numbers up to 1,894,199.
UPDATE activity_minutes SET (totals, plugins, series) = (
  SELECT max(iif(key = 0, text, '')), max(iif(key = 1, text, '')), max(iif(key = 2, text, ''))
  FROM (SELECT key, coalesce((
      SELECT group_concat(iif(a < 56, char(35 + a), char(93 + (a - 56) % 32)
        || iif(b < 56, char(35 + b), char(93 + (b - 56) % 32)
        || iif(c < 56, char(35 + c), char(93 + (c - 56) % 32) || char(35 + (c - 56) / 32)))), '')
      FROM (SELECT a, b, (b - 56) / 32 AS c FROM (SELECT value AS a, (value - 56) / 32 AS b FROM json_each(flat.value)))
    ), '') AS text
    FROM json_each(json_array(json(totals),
      (SELECT json('[' || coalesce(group_concat((key % 32) || ',' || (json_array_length(value) / 2) || ',' || trim(value, '[]')), '') || ']')
        FROM json_each(json(plugins))),
      (SELECT json('[' || coalesce(group_concat((key % 256) || ',' || (json_array_length(value) / 2) || ',' || trim(value, '[]')), '') || ']')
        FROM json_each(json(series))))) AS flat))
WHERE typeof(totals) = 'blob';
UPDATE activity_quarters SET (totals, plugins, series) = (
  SELECT max(iif(key = 0, text, '')), max(iif(key = 1, text, '')), max(iif(key = 2, text, ''))
  FROM (SELECT key, coalesce((
      SELECT group_concat(iif(a < 56, char(35 + a), char(93 + (a - 56) % 32)
        || iif(b < 56, char(35 + b), char(93 + (b - 56) % 32)
        || iif(c < 56, char(35 + c), char(93 + (c - 56) % 32) || char(35 + (c - 56) / 32)))), '')
      FROM (SELECT a, b, (b - 56) / 32 AS c FROM (SELECT value AS a, (value - 56) / 32 AS b FROM json_each(flat.value)))
    ), '') AS text
    FROM json_each(json_array(json(totals),
      (SELECT json('[' || coalesce(group_concat((key % 32) || ',' || (json_array_length(value) / 2) || ',' || trim(value, '[]')), '') || ']')
        FROM json_each(json(plugins))),
      (SELECT json('[' || coalesce(group_concat((key % 256) || ',' || (json_array_length(value) / 2) || ',' || trim(value, '[]')), '') || ']')
        FROM json_each(json(series))))) AS flat))
WHERE typeof(totals) = 'blob';
