-- An org's policy: what its gateway permits. An org without a row has none, and permits whoever may call tools.
CREATE TABLE policies (
  org            TEXT    NOT NULL PRIMARY KEY REFERENCES orgs (org),
  policies       TEXT    NOT NULL,                 -- Cedar, as it was put
  default_effect TEXT    NOT NULL CHECK (default_effect IN ('permit', 'deny')),
  hash           TEXT    NOT NULL CHECK (length(hash) = 64), -- of both, src/gateway/policy/policy-set.ts: what entries name
  reads          TEXT    NOT NULL,                 -- JSON: the arguments that it reads; so the rest leave the gateway's isolate for no decision
  version        INTEGER NOT NULL,                 -- one more with each change: a change is a compare-and-set on it
  updated_at_ms  INTEGER NOT NULL
) WITHOUT ROWID;
