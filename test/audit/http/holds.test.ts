import { describe, expect, it } from "vitest";
import { problemOf, refusal, requireStatus } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import { auditEntries, auditJson, statusOf } from "../audit-client.ts";
import { holdTimes } from "../ledger/held-log.ts";

interface HoldBody {
  id: string;
  reason: string;
  placed_by: string;
  placed_at: string;
  released_by: string | null;
  released_at: string | null;
}

function place(org: string, body: unknown, token?: string): Promise<Response> {
  return call("POST", `/v1/orgs/${org}/audit/holds`, { body, ...(token && { token }) });
}

function release(org: string, id: string): Promise<Response> {
  return call("DELETE", `/v1/orgs/${org}/audit/holds/${id}`);
}

async function placed(org: string, reason: string, token?: string): Promise<HoldBody> {
  return (await requireStatus(201, place(org, { reason }, token))).json();
}

async function holdsOf(org: string): Promise<HoldBody[]> {
  return (await auditJson<{ holds: HoldBody[] }>(org, "/holds")).holds;
}

describe("Legal holds", () => {
  it("are listed newest first, with who placed and who released them", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["org:admin"], { actor: "user:counsel" });
    const first = await placed(org, "Acme v. Example", token);
    const second = await placed(org, "An inquiry");
    expect(first).toMatchObject({ reason: "Acme v. Example", placed_by: "user:counsel" });
    expect(await holdsOf(org)).toEqual([second, first]);
    expect((await statusOf(org)).holds).toBe(2);
    await requireStatus(204, release(org, first.id));
    const [, released] = await holdsOf(org);
    expect(released).toMatchObject({
      ...first,
      released_by: "operator:admin",
      released_at: expect.any(String),
    });
    expect((await statusOf(org)).holds).toBe(1);
  });

  it("are entries of the log, placed and released", async () => {
    const org = await makeOrg();
    const { id } = await placed(org, "An inquiry");
    await requireStatus(204, release(org, id));
    const [last, before] = (await auditEntries(org)).map(({ event }) => event);
    expect(before).toMatchObject({
      action: "operator.hold.placed",
      event_id: id,
      target: `hold://${id}`,
      details: { reason: "An inquiry" },
    });
    expect(last).toMatchObject({ action: "operator.hold.released", target: `hold://${id}` });
  });

  it("are released once, and only where they are", async () => {
    const [org, other] = [await makeOrg(), await makeOrg()];
    const { id } = await placed(org, "An inquiry");
    expect(await refusal(release(other, id))).toEqual([404, "not_found"]);
    expect(await refusal(release(org, crypto.randomUUID()))).toEqual([404, "not_found"]);
    await requireStatus(204, release(org, id));
    expect(await refusal(release(org, id))).toEqual([404, "not_found"]);
    expect((await statusOf(org)).tree_size).toBe(3);
  });

  it("need a reason, and nothing else", async () => {
    const org = await makeOrg();
    const long = "x".repeat(1_025);
    for (const body of [
      {},
      { reason: "" },
      { reason: long },
      { reason: "a\u0000" },
      { reason: "a", id: "1" },
    ]) {
      const answer = await problemOf(place(org, body));
      expect([answer.status, answer.code]).toEqual([400, "invalid_request"]);
    }
    expect(await holdsOf(org)).toEqual([]);
  });

  it("are 1,000 in force at most: one more is refused, whoever races, until one is released", async () => {
    const org = await makeOrg();
    const ids = await holdTimes({ org, log: 1, shard: "SHARD_0" }, 998);
    const raced = await Promise.all(Array.from({ length: 4 }, () => place(org, { reason: "x" })));
    expect(raced.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409]);
    expect(await refusal(place(org, { reason: "x" }))).toEqual([409, "too_many_holds"]);
    expect((await statusOf(org)).holds).toBe(1_000);
    await requireStatus(204, release(org, ids[0]!));
    await placed(org, "x");
    expect(await refusal(place(org, { reason: "x" }))).toEqual([409, "too_many_holds"]);
  });
});
