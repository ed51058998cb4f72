-- JSON: what is taken out of payloads and of events' details before they are kept, src/orgs/redaction-settings.ts.
ALTER TABLE orgs ADD COLUMN redaction TEXT NOT NULL DEFAULT '{}';
