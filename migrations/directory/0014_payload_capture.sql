-- JSON: where the org has payloads captured, src/orgs/payload-capture.ts.
ALTER TABLE orgs ADD COLUMN payload_capture TEXT NOT NULL DEFAULT '{}';
-- Whether calls of this plugin are captured; NULL: as the org has it.
ALTER TABLE plugins ADD COLUMN captures_payloads INTEGER CHECK (captures_payloads IN (0, 1));
