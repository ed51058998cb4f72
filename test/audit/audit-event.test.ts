import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AuditEvent, entryText } from "#audit/audit-event.ts";
import { canonicalJson } from "#formats/canonical-json.ts";

const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed());
const nullable = fc.option(text);
const detailKey = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,20}$/);

const event: fc.Arbitrary<AuditEvent> = fc.record({
  action: text,
  actor: text,
  details: fc.option(fc.dictionary(detailKey, fc.oneof(text, fc.boolean(), fc.constant(null)))),
  event_id: text,
  instance_id: nullable,
  invocation_id: nullable,
  occurred_at: nullable,
  outcome: fc.constantFrom("allowed", "denied", "deferred", "error"),
  recorded_by: text,
  request_id: nullable,
  target: nullable,
  trace_id: nullable,
  workspace: nullable,
});

describe("An entry's text", () => {
  it("is its canonical JSON, whatever the event holds", () => {
    const place = fc.record({ org: text, previousHash: text, recordedAt: text });
    fc.assert(
      fc.property(event, place, (reported, { org, previousHash, recordedAt }) => {
        const members = { org, previous_hash: previousHash, recorded_at: recordedAt };
        expect(entryText(reported, { org, previousHash, recordedAt })).toBe(
          canonicalJson({ ...reported, ...members }),
        );
      }),
      { numRuns: 1_000 },
    );
  });
});
