import { describe, expect, it } from "vitest";
import { readEntry } from "#formats/ledger/read-entry.ts";
import { problemOf, refusal, requireStatus } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import {
  appendEvents,
  auditEntries,
  EVENT,
  exportedLines,
  getAudit,
  postEvents,
  statusOf,
} from "../audit-client.ts";

const TOKEN_ID = "mcpg.token_id";
const newEvent = (fields: object = {}) => ({
  ...EVENT,
  event_id: crypto.randomUUID(),
  ...fields,
});

const named = (org: string) => createToken(org, ["audit:write"], { actor: "service:prometheus" });

/** Who recorded the newest entry, and its details. */
async function newest(org: string): Promise<[unknown, unknown]> {
  const [entry] = await auditEntries(org, "?limit=1");
  return [entry?.event["recorded_by"], entry?.event.details];
}

describe("The token that an event came by", () => {
  it("is in its details where the token has a name of its own, which is who recorded it", async () => {
    const org = await makeOrg();
    const { id, token } = await named(org);
    await appendEvents(org, [newEvent()], { token });
    expect(await newest(org)).toEqual(["service:prometheus", { [TOKEN_ID]: id }]);
    await appendEvents(org, [newEvent({ details: { z: true, a: "b" } })], { token });
    expect(await newest(org)).toEqual(["service:prometheus", { a: "b", [TOKEN_ID]: id, z: true }]);
    const lines = await exportedLines(org);
    for (const line of lines) {
      expect(readEntry(new TextEncoder().encode(line))).not.toHaveProperty("fault");
    }
  });

  it("is who recorded it where the token has no other name, and details are as they came", async () => {
    const org = await makeOrg();
    const { id, token } = await createToken(org, ["audit:write"]);
    await appendEvents(org, [newEvent()], { token });
    expect(await newest(org)).toEqual([`service:${id}`, null]);
    await appendEvents(org, [newEvent({ details: {} })]);
    expect(await newest(org)).toEqual(["operator:admin", {}]);
  });

  it.each([null, {}, { a: "b" }])(
    "is no part of what the sender said: whoever sends it again gets the first receipt (details %j)",
    async (details) => {
      const org = await makeOrg();
      const senders = [await named(org), await named(org), await createToken(org, ["audit:write"])];
      const other = details === null ? {} : null;
      for (const first of senders) {
        const event = newEvent({ details });
        const receipts = await appendEvents(org, [event], first);
        for (const { token } of senders) {
          expect(await appendEvents(org, [event], { token })).toEqual(receipts);
          const refused = postEvents(org, [{ ...event, details: other }], { token });
          expect(await refusal(refused)).toEqual([409, "conflict"]);
        }
      }
    },
  );

  it("is in the entries of what an operator did by it", async () => {
    const org = await makeOrg({ tier: "pro" });
    const scopes = ["org:admin", "audit:read"] as const;
    const extra = { actor: "user:alice@acme" };
    const { id, token } = await createToken(org, [...scopes], extra);
    await requireStatus(200, getAudit(org, "/export", { token }));
    const path = `/v1/orgs/${org}`;
    const body = { retention: { samples_hours: 48 } };
    await requireStatus(200, call("PATCH", path, { token, body }));
    const hold = { token, body: { reason: "a case" } };
    await requireStatus(201, call("POST", `${path}/audit/holds`, hold));
    const streams = { token, body: { metrics: { enabled: false } } };
    await requireStatus(200, call("PUT", `${path}/observability`, streams));
    const made = { token, body: { name: "x", scopes: ["metrics:read"] } };
    const { id: other } = (await (
      await requireStatus(201, call("POST", `${path}/service-tokens`, made))
    ).json()) as { id: string };
    await requireStatus(204, call("DELETE", `${path}/service-tokens/${other}`, { token }));
    const entries = await auditEntries(org, "?actor=user:alice@acme");
    expect(entries.map(({ event }) => [event["action"], event.details?.[TOKEN_ID]])).toEqual(
      [
        "token.revoked",
        "token.created",
        "streams.updated",
        "hold.placed",
        "org.updated",
        "audit.exported",
      ].map((deed) => [`operator.${deed}`, id]),
    );
    const byAdmin = await auditEntries(org, "?actor=operator:admin");
    expect(byAdmin.filter(({ event }) => event.details && TOKEN_ID in event.details)).toEqual([]);
  });

  it("counts among the 65,535 bytes that an entry may have", async () => {
    const org = await makeOrg();
    const { token } = await named(org);
    const report = (length: number) =>
      postEvents(org, [newEvent({ details: { a: "x".repeat(length) } })], { token });
    const fits = async (length: number) => (await report(length)).status === 201;
    let [low, high] = [60_000, 65_535];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (await fits(middle)) low = middle;
      else high = middle;
    }
    const line = (await exportedLines(org)).reduce((a, b) => (a.length > b.length ? a : b));
    expect(line).toHaveLength(65_535);
    expect(line).toContain(TOKEN_ID);
  });
});

describe("A detail that is this service's own", () => {
  it.each([TOKEN_ID, "mcpg.empty_details", "mcpg.x"])(
    "is refused of a sender: %s",
    async (name) => {
      const org = await makeOrg();
      const { tree_size } = await statusOf(org);
      const events = [newEvent(), newEvent({ details: { a: "b", [name]: "x" } })];
      expect(await problemOf(postEvents(org, events))).toMatchObject({
        status: 400,
        code: "reserved_detail",
        errors: [{ pointer: `/events/1/details/${name}` }],
      });
      expect((await statusOf(org)).tree_size).toBe(tree_size);
    },
  );

  it("is not any that only looks like it", async () => {
    const org = await makeOrg();
    const details = { mcpg: "x", "mcpg-a": "x", "mcpgx.token_id": "x", "a.mcpg.token_id": "x" };
    await appendEvents(org, [newEvent({ details })]);
    expect((await newest(org))[1]).toEqual(details);
  });
});
