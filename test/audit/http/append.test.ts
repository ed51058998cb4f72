import { describe, expect, it } from "vitest";
import { entryHash } from "#formats/ledger/entry.ts";
import { problemOf, refusal } from "../../harness/answers.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import {
  appendEvents,
  EVENT,
  exportedLines,
  getAudit,
  isProven,
  keysOf,
  parseLine,
  postEvents,
  signHead,
  statusOf,
  verified,
} from "../audit-client.ts";

const newEvent = (fields = {}) => ({ ...EVENT, event_id: crypto.randomUUID(), ...fields });
const utf8 = new TextEncoder();

async function treeSize(org: string): Promise<number> {
  return (await statusOf(org)).tree_size;
}

describe("POST /audit", () => {
  it("takes 256 events in one request, and not one more", async () => {
    const org = await makeOrg();
    const events = Array.from({ length: 256 }, () => EVENT);
    const receipts = await appendEvents(org, events);
    expect(receipts.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
    const { code, errors } = await problemOf(postEvents(org, [...events, EVENT]));
    expect([code, errors?.[0]?.pointer]).toEqual(["invalid_request", "/events"]);
    expect(await treeSize(org)).toBe(257);
  });

  it("answers a resend with the first receipts, whoever sends it and from where", async () => {
    const org = await makeOrg();
    const [one, two] = [
      await createToken(org, ["audit:write"], { actor: "service:one" }),
      await createToken(org, ["audit:write"], { actor: "service:two" }),
    ];
    const events = [newEvent(), newEvent({ details: { b: true, a: null } })];
    const first = await appendEvents(org, events, { token: one.token, instance: "gw-1" });
    const reordered = events.map((event) => Object.fromEntries(Object.entries(event).reverse()));
    const again = await appendEvents(org, reordered, { token: two.token, instance: "gw-2" });
    expect(again).toEqual(first);
    const lines = await exportedLines(
      org,
      `?from_seq=${first[0]?.seq}&to_seq=${first[0]!.seq + 1}`,
    );
    expect(parseLine(lines[0]!)).toMatchObject({ recorded_by: "service:one", instance_id: "gw-1" });
  });

  it("takes concurrent copies of a request once, and answers each 201 with one receipt", async () => {
    const org = await makeOrg();
    const events = [newEvent(), newEvent(), newEvent()];
    const sent = Array.from({ length: 20 }, (_, sender) =>
      appendEvents(org, events, { instance: `gw-${sender}` }),
    );
    const answers = await Promise.all(sent);
    expect(new Set(answers.map((receipts) => JSON.stringify(receipts))).size).toBe(1);
    expect(await treeSize(org)).toBe(4);
  });

  it("refuses another event under a known id, and then writes nothing of the request", async () => {
    const org = await makeOrg();
    const known = newEvent();
    await appendEvents(org, [known]);
    for (const other of [
      { ...known, action: "tool.call.denied", outcome: "denied" },
      { ...known, target: "tool://github/x" },
      { ...known, occurred_at: Date.now() },
      { ...known, details: {} },
      { ...known, request_id: "r-1" },
    ]) {
      const refused = await problemOf(postEvents(org, [newEvent(), other, newEvent()]));
      expect([refused.status, refused.code]).toEqual([409, "conflict"]);
      expect(refused.detail).toContain("/events/1");
    }
    expect(await treeSize(org)).toBe(2);
  });

  it("takes an id that a request holds twice once if the content is the same, else nothing", async () => {
    const org = await makeOrg();
    const twice = newEvent();
    const upper = { ...twice, event_id: twice.event_id.toUpperCase() };
    const [first, other, second] = await appendEvents(org, [twice, newEvent(), upper]);
    expect(second).toEqual(first);
    expect(other?.seq).toBe(2);
    const next = newEvent();
    const refused = postEvents(org, [next, newEvent(), { ...next, actor: "user:bob" }]);
    expect(await refusal(refused)).toEqual([409, "conflict"]);
    expect(await treeSize(org)).toBe(3);
  });

  it("appends an event without an id again each time, under an id of its own", async () => {
    const org = await makeOrg();
    const receipts = [
      ...(await appendEvents(org, [EVENT, EVENT])),
      ...(await appendEvents(org, [EVENT])),
    ];
    expect(new Set(receipts.map(({ event_id }) => event_id)).size).toBe(3);
  });

  it("takes an event whose entry has 65,535 bytes, and none that has one more", async () => {
    const org = await makeOrg();
    const sized = (characters: number) => newEvent({ details: { text: "é".repeat(characters) } });
    const [receipt] = await appendEvents(org, [sized(0)]);
    const [line] = await exportedLines(org, `?from_seq=${receipt?.seq}&to_seq=${receipt!.seq + 1}`);
    const room = 65_535 - utf8.encode(line).length;
    const fill = (bytes: number) =>
      newEvent({ details: { text: "é".repeat(Math.floor(bytes / 2)) + "x".repeat(bytes % 2) } });
    const [largest] = await appendEvents(org, [fill(room)]);
    const [entry] = await exportedLines(
      org,
      `?from_seq=${largest?.seq}&to_seq=${largest!.seq + 1}`,
    );
    expect(utf8.encode(entry)).toHaveLength(65_535);
    expect(entryHash(utf8.encode(entry))).toBe(largest?.hash);
    const size = await treeSize(org);
    const refused = await problemOf(postEvents(org, [newEvent(), fill(room + 1)]));
    expect([refused.status, refused.code]).toEqual([400, "invalid_request"]);
    expect(refused.errors?.[0]?.pointer).toBe("/events/1");
    expect(await treeSize(org)).toBe(size);
  });

  it("gives 200 requests at once a dense chain, and proofs of what they sent", async () => {
    const org = await makeOrg();
    const sent = Array.from({ length: 200 }, (_, at) =>
      appendEvents(org, [newEvent({ target: `t-${at}` })]),
    );
    const receipts = (await Promise.all(sent)).flat().sort((a, b) => a.seq - b.seq);
    expect(receipts.map(({ seq }) => seq)).toEqual(receipts.map((_, at) => at + 1));
    const note = await signHead(org);
    expect(verified(note, await keysOf(org)).size).toBe(201);
    const lines = await exportedLines(org, "?to_seq=201");
    for (const [at, { seq, hash, previous_hash }] of receipts.entries()) {
      expect(entryHash(utf8.encode(lines[seq]))).toBe(hash);
      expect(previous_hash).toBe(
        at === 0 ? parseLine(lines[1]!)["previous_hash"] : receipts[at - 1]?.hash,
      );
      if (at % 20 > 0) continue;
      expect(await isProven(org, { seq, line: lines[seq]! }, note)).toBe(true);
    }
  });

  it("keeps what operators and the ledger itself do for itself", async () => {
    const org = await makeOrg();
    for (const action of [
      "operator.org.deleted",
      "ledger.pruned",
      "operator",
      "ledger",
      "ledger.x",
    ]) {
      const refused = await problemOf(postEvents(org, [EVENT, { ...EVENT, action }]));
      expect([refused.status, refused.code]).toEqual([400, "reserved_action"]);
      expect(refused.errors?.[0]?.pointer).toBe("/events/1/action");
    }
    expect(await treeSize(org)).toBe(1);
    await appendEvents(org, [
      { ...EVENT, action: "operators.meet" },
      { ...EVENT, action: "ledgers" },
    ]);
  });

  it("hashes the fields that the contract names, absent ones null", async () => {
    const org = await makeOrg();
    const [receipt] = await appendEvents(org, [EVENT]);
    const line = (await exportedLines(org))[receipt!.seq]!;
    expect(Object.keys(JSON.parse(line)).join(" ")).toBe(
      "action actor details event_id instance_id invocation_id occurred_at org outcome previous_hash " +
        "recorded_at recorded_by request_id target trace_id workspace",
    );
    expect(parseLine(line)).toMatchObject({
      ...EVENT,
      org,
      details: null,
      instance_id: "gw-1",
      occurred_at: null,
      recorded_by: "operator:admin",
    });
  });

  it("names the token as the recorder that has no actor of its own", async () => {
    const org = await makeOrg();
    const { id, token } = await createToken(org, ["audit:write"]);
    const [receipt] = await appendEvents(org, [EVENT], { token });
    const entry = await (await getAudit(org, `/${receipt?.seq}`)).json();
    expect(entry).toMatchObject({ hash: receipt?.hash, event: { recorded_by: `service:${id}` } });
  });
});
