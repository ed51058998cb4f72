-- A caller's payload whose call another's sample counts (src/payloads/move-payloads.ts): it is sealed anew for that sample,
-- and meanwhile says which, with a proof that the Worker alone makes, by the row's own key. Rows of payloads that were erased stay, with nothing in
-- them and version 0 of the key, so that what is sent again does not come back.
ALTER TABLE tool_invocation_payloads ADD COLUMN moved_to  TEXT;
ALTER TABLE tool_invocation_payloads ADD COLUMN moved_proof TEXT;
CREATE INDEX tool_invocation_payloads_moved ON tool_invocation_payloads (org, moved_to) WHERE moved_to IS NOT NULL;

-- When an actor's calls are looked through once more, for those that were told of late. NULL: not once yet.
ALTER TABLE payload_erasures ADD COLUMN again_ms INTEGER;
