-- Whose JWTs an org takes from MCP clients, as it set it itself; an org without a row takes none. No secret is among
-- it: an issuer's keys are public. Deleted with its org, in the transaction that closes it.
CREATE TABLE identity (
  org           TEXT    NOT NULL PRIMARY KEY REFERENCES orgs (org),
  settings      TEXT    NOT NULL,                 -- JSON: IdentitySettings of src/gateway/identity/identity-settings.ts
  version       INTEGER NOT NULL,                 -- one more with each change: a change is a compare-and-set on it
  has_issuers   INTEGER NOT NULL,                 -- 1: the org is public in that (its protected-resource metadata)
  updated_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
