-- JSON: the org's own attributes for what OTLP spans say of a call, src/domain/span-attributes.ts.
ALTER TABLE orgs ADD COLUMN span_mapping TEXT NOT NULL DEFAULT '{}';
