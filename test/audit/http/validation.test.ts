import { describe, expect, it } from "vitest";
import { problemOf } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import {
  appendEvents,
  EVENT,
  exportedLines,
  parseLine,
  postEvents,
  statusOf,
} from "../audit-client.ts";

const DAY_MS = 86_400_000;
const COMPOSED = "Ren\u00e9e";
const DECOMPOSED = "Rene\u0301e";

/** A JSON text as it is: what a serializer of our own would never write. */
function postText(org: string, event: string): Promise<Response> {
  const body = `{"instance_id":"gw-1","events":[${event}]}`;
  return call("POST", `/v1/orgs/${org}/audit`, { body });
}

const REFUSED: [string, unknown, string][] = [
  ["an empty actor", { actor: "" }, "/events/1/actor"],
  ["an actor with a line end", { actor: "a\nb" }, "/events/1/actor"],
  ["an actor with a C1 control", { actor: "a\u0085b" }, "/events/1/actor"],
  ["an actor of 257 characters", { actor: "a".repeat(257) }, "/events/1/actor"],
  ["a lone surrogate in an actor", { actor: "a\ud800" }, "/events/1/actor"],
  ["an action in capitals", { action: "Tool.call" }, "/events/1/action"],
  ["an action that ends in a point", { action: "tool." }, "/events/1/action"],
  ["an action of 129 characters", { action: "a".repeat(129) }, "/events/1/action"],
  ["an unknown outcome", { outcome: "ok" }, "/events/1/outcome"],
  ["an id that is none", { event_id: "1" }, "/events/1/event_id"],
  ["a time that is none", { occurred_at: "yesterday" }, "/events/1/occurred_at"],
  ["a time of the 13th month", { occurred_at: "2026-13-01T00:00:00Z" }, "/events/1/occurred_at"],
  ["a trace id that is too short", { trace_id: "ab" }, "/events/1/trace_id"],
  ["an invocation id that is none", { invocation_id: "x" }, "/events/1/invocation_id"],
  ["a target of 1,025 characters", { target: "t".repeat(1_025) }, "/events/1/target"],
  ["a NUL in a request id", { request_id: "a\u0000" }, "/events/1/request_id"],
  ["a number in details", { details: { n: 1 } }, "/events/1/details/n"],
  ["an object in details", { details: { o: {} } }, "/events/1/details/o"],
  ["an array in details", { details: { l: ["a"] } }, "/events/1/details/l"],
  ["details that are a list", { details: ["a"] }, "/events/1/details"],
  ["a NUL in details", { details: { text: "a\u0000b" } }, "/events/1/details/text"],
  ["a lone surrogate in details", { details: { text: "\udfff" } }, "/events/1/details/text"],
  ["a key of details in capitals", { details: { Key: "x" } }, "/events/1/details"],
  [
    "a key of details of 65 characters",
    { details: { ["k".repeat(65)]: "x" } },
    "/events/1/details",
  ],
  ["an empty key of details", { details: { "": "x" } }, "/events/1/details"],
  ["a field that there is not", { recorded_at: null }, "/events/1"],
];

describe("A report of audit events", () => {
  it.each(REFUSED)("is refused, and none of it written, for %s", async (_, fields, pointer) => {
    const org = await makeOrg();
    const answer = await problemOf(postEvents(org, [EVENT, { ...EVENT, ...(fields as object) }]));
    expect([answer.status, answer.code]).toEqual([400, "invalid_request"]);
    expect(answer.errors?.some((error) => error.pointer.startsWith(pointer))).toBe(true);
    expect((await statusOf(org)).tree_size).toBe(1);
  });

  it("is refused without events, without an instance, and with what it may not have", async () => {
    const org = await makeOrg();
    const bodies: [unknown, string][] = [
      [{ instance_id: "gw-1", events: [] }, "/events"],
      [{ instance_id: "gw-1" }, ""],
      [{ events: [EVENT] }, ""],
      [{ instance_id: "", events: [EVENT] }, "/instance_id"],
      [{ instance_id: "gw\u0000", events: [EVENT] }, "/instance_id"],
      [{ instance_id: "gw-1", events: [EVENT], org: "another" }, ""],
      [[EVENT], ""],
    ];
    for (const [body, pointer] of bodies) {
      const answer = await problemOf(call("POST", `/v1/orgs/${org}/audit`, { body }));
      expect([answer.status, answer.code]).toEqual([400, "invalid_request"]);
      expect(answer.errors?.some((error) => error.pointer.startsWith(pointer))).toBe(true);
    }
    expect((await statusOf(org)).tree_size).toBe(1);
  });

  it("is refused for __proto__, as a field and in details, and pollutes nothing", async () => {
    const org = await makeOrg();
    const [open, close] = ['{"actor":"a","action":"x","outcome":"allowed"', "}"];
    for (const field of [
      ',"__proto__":{"actor":"b"}',
      ',"details":{"__proto__":"x"}',
      ',"details":{"__proto__":{"x":"y"}}',
      ',"details":{"constructor.":{"prototype":"x"}}',
    ]) {
      const answer = await problemOf(postText(org, open + field + close));
      expect([answer.status, answer.code]).toEqual([400, "invalid_request"]);
    }
    expect("x" in {}).toBe(false);
    await appendEvents(org, [{ ...EVENT, details: { constructor: "x", tostring: "y" } }]);
    const lines = await exportedLines(org);
    expect(parseLine(lines[1]!)["details"]).toEqual({ constructor: "x", tostring: "y" });
  });

  it("is refused for a time too old for its id to be remembered, or a day ahead", async () => {
    const org = await makeOrg({ tier: "community" });
    const at = (days: number) => [{ ...EVENT, occurred_at: Date.now() + days * DAY_MS }];
    for (const days of [-30.1, 1.1]) {
      const answer = await problemOf(postEvents(org, at(days)));
      expect([answer.status, answer.errors?.[0]?.pointer]).toEqual([400, "/events/0/occurred_at"]);
    }
    for (const days of [-29.9, 0.9]) await appendEvents(org, at(days));
  });

  it("is the same composed and decomposed, and stored composed", async () => {
    const org = await makeOrg();
    const event = (text: string) => ({
      ...EVENT,
      event_id: crypto.randomUUID(),
      actor: `user:${text}`,
      target: text,
      workspace: text,
      request_id: text,
      details: { text },
    });
    const composed = event(COMPOSED);
    const first = await appendEvents(org, [composed], { instance: DECOMPOSED });
    const again = await appendEvents(org, [{ ...event(DECOMPOSED), event_id: composed.event_id }]);
    expect(again).toEqual(first);
    const [line] = await exportedLines(org, "?from_seq=1");
    const stored = parseLine(line!);
    expect(stored).toMatchObject({ actor: `user:${COMPOSED}`, instance_id: COMPOSED });
    expect(stored).toMatchObject({ target: COMPOSED, details: { text: COMPOSED } });
    expect(line).toBe(line?.normalize("NFC"));
  });

  it("is the same in whatever form ids and times are given", async () => {
    const org = await makeOrg();
    const id = "01890A5D-AC96-774B-BCCE-B302099A8057";
    const atMs = Math.floor(Date.now() / 1_000) * 1_000;
    const seconds = new Date(atMs).toISOString().replace(".000Z", "");
    const forms = [
      { trace_id: "A".repeat(32), invocation_id: id, occurred_at: atMs },
      { trace_id: "a".repeat(32), invocation_id: id.toLowerCase(), occurred_at: `${seconds}Z` },
      { trace_id: "a".repeat(32), invocation_id: id, occurred_at: `${seconds}.000+00:00` },
    ];
    const eventId = crypto.randomUUID();
    const receipts = await appendEvents(
      org,
      forms.map((form) => ({ ...EVENT, event_id: eventId, ...form })),
    );
    expect(new Set(receipts.map(({ seq }) => seq)).size).toBe(1);
    const [line] = await exportedLines(org, "?from_seq=1");
    expect(parseLine(line!)["occurred_at"]).toBe(`${seconds}.000Z`);
  });

  it("keeps text as it is: quotes, line ends in details, and what looks like JSON or SQL", async () => {
    const org = await makeOrg();
    const details = {
      json: '{"a":1}',
      sql: "'); DROP TABLE entries; --",
      lines: 'a\n\tb\r\n"c"\\',
      astral: "\u{1f600}\u{10ffff}",
      html: "</script>\u2028\u2029",
      none: null,
      yes: true,
    };
    await appendEvents(org, [{ ...EVENT, details }]);
    const [line] = await exportedLines(org, "?from_seq=1");
    expect(parseLine(line!)["details"]).toEqual(details);
    expect(line).not.toContain("\n");
  });
});
