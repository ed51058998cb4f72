-- Spans that look like tool calls and are taken for none: what an org sends of them, by shape, so that it is
-- told. At most eleven rows an org.
CREATE TABLE unmapped_spans (
  org           TEXT    NOT NULL,
  shape         TEXT    NOT NULL,                -- src/otlp/unmapped-shapes.ts; 'other': all that are past the bound
  spans         INTEGER NOT NULL,
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms  INTEGER NOT NULL,
  example       TEXT,                            -- JSON, names of attributes and no values; NULL of 'other'
  PRIMARY KEY (org, shape)
) WITHOUT ROWID;
