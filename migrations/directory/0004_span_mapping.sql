-- JSON: the org's own attributes for what OTLP spans say of a call, src/otlp/span-attributes.ts.
ALTER TABLE orgs ADD COLUMN span_mapping TEXT NOT NULL DEFAULT '{}';
