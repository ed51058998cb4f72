import { describe, expect, it } from "vitest";
import { problemOf, requireStatus } from "../../harness/answers.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { appendEvents, auditEntries, postEvents } from "../audit-client.ts";

const OUTCOMES = ["allowed", "denied", "deferred", "error"];
const TABLE = {
  allowed: ["allowed"],
  allowed_with_obligations: ["allowed"],
  denied: ["denied"],
  access_denied: ["denied"],
  challenged: ["deferred"],
  completed: ["allowed", "error"],
  unknown: ["error"],
} as const;

const event = (action: string, outcome: string) => ({ actor: "user:a", action, outcome });

describe("An action and its outcome", () => {
  it.each(
    ["tool.call.", "resource.read.", "prompt.get."].flatMap((prefix) =>
      Object.entries(TABLE).map(([word, taken]) => [`${prefix}${word}`, taken] as const),
    ),
  )("%s goes with %s and nothing else", async (action, taken) => {
    const org = await makeOrg();
    for (const outcome of OUTCOMES) {
      const sent = postEvents(org, [event("plugin.loaded", "allowed"), event(action, outcome)]);
      if ((taken as readonly string[]).includes(outcome)) {
        await requireStatus(201, sent);
        continue;
      }
      const { status, errors } = await problemOf(sent);
      expect([status, errors?.[0]?.pointer]).toEqual([400, "/events/1/outcome"]);
    }
  });

  it.each(["tool.call.alowed", "tool.call.x.y", "tool.call.constructor", "resource.read.permit"])(
    "%s is no word of the table, and nothing of its report is written",
    async (action) => {
      const org = await makeOrg();
      const before = await auditEntries(org);
      const { status, errors } = await problemOf(
        postEvents(org, [event("tool.call.allowed", "allowed"), event(action, "allowed")]),
      );
      expect([status, errors?.[0]?.pointer]).toEqual([400, "/events/1/action"]);
      expect(await auditEntries(org)).toHaveLength(before.length);
    },
  );

  it("is recorded under one name, whichever synonym it came with; a resend under another is the same", async () => {
    const org = await makeOrg();
    const synonyms = [
      ["permit", "allowed", "allowed"],
      ["deny", "denied", "denied"],
      ["with_obligations", "allowed", "allowed_with_obligations"],
      ["with-obligations", "allowed", "allowed_with_obligations"],
    ] as const;
    for (const [word, outcome, recorded] of synonyms) {
      const event_id = crypto.randomUUID();
      const sent = { ...event(`tool.call.${word}`, outcome), event_id };
      const [first] = await appendEvents(org, [sent]);
      const [again] = await appendEvents(org, [{ ...sent, action: `tool.call.${recorded}` }]);
      expect(again).toEqual(first);
      const entry = (await auditEntries(org)).find(({ event }) => event["event_id"] === event_id);
      expect(entry?.event["action"]).toBe(`tool.call.${recorded}`);
    }
  });

  it("of another family is its reporter's own", async () => {
    const org = await makeOrg();
    await appendEvents(org, [event("plugin.loaded", "error"), event("toolbox.permit", "deferred")]);
  });
});
