import { describe, expect, it } from "vitest";
import { findOrg } from "#orgs/store/orgs.ts";
import { eraseOn } from "#payloads/erase-payloads.ts";
import { erasureJob } from "#payloads/erasure-job.ts";
import { payloadsPart } from "#payloads/payloads-part.ts";
import { recordPayloads } from "#payloads/record-payloads.ts";
import { findErasures } from "#payloads/store/erasures.ts";
import { findPayloadBytes } from "#payloads/store/payload-bytes.ts";
import { auditEntries } from "../audit/audit-client.ts";
import { refusal } from "../harness/answers.ts";
import { makeSample } from "../harness/calls.ts";
import { call, envWithShard, workerEnv } from "../harness/deployment.ts";
import { createToken } from "../harness/orgs.ts";
import { LOST } from "../harness/watched-d1.ts";
import { erase, hasPayload, keptCall, payloadOrg, report, view, viewed } from "./payload-kit.ts";

const db = workerEnv.SHARD_0;
/** Hardly to be compressed, so that its row is counted for certain. */
const LARGE = Array.from({ length: 1_000 }, () => crypto.randomUUID()).join("");
const ENTRIES = "?action=operator.payload.erased";

async function sealedHex(org: string): Promise<string[]> {
  const select = "SELECT hex(sealed) AS hex FROM tool_invocation_payloads WHERE org = ?1";
  return (await db.prepare(select).bind(org).all<{ hex: string }>()).results.map(({ hex }) => hex);
}

const pending = async (org: string, nowMs = Date.now()) =>
  (await findErasures(db, [org, ""], { limit: 10, nowMs })).filter(({ deed }) => deed.org === org);

describe("The erasure of one call's payload", () => {
  it("leaves nothing of it, and the others of its row as they were", async () => {
    const of = await payloadOrg();
    const samples = [1, 2, 3].map((n) =>
      makeSample({ started_at: Date.now(), request_payload: `r${n}`, response_payload: n }),
    );
    await report(of.org, samples);
    const ids = samples.map(({ id }) => id as string);
    const [before] = (await sealedHex(of.org)) as [string];
    const answer = await erase(of.org, `invocations/${ids[1]}/payload?reason=asked`);
    expect(answer).toMatchObject({ erased: 1, pending: false });
    expect(await hasPayload(of.org, ids[1]!)).toBe(false);
    expect(await refusal(view(of, ids[1]!))).toEqual([404, "not_found"]);
    const [after] = (await sealedHex(of.org)).filter((hex) => hex !== "") as [string];
    expect(after).toHaveLength(before.length);
    const third = before.length / 3;
    expect(after.slice(third, 2 * third)).toMatch(/^0+$/);
    expect(after.slice(0, third)).toBe(before.slice(0, third));
    for (const n of [1, 3]) expect((await viewed(of, ids[n - 1]!)).request).toBe(`r${n}`);
    for (const n of [1, 3]) await erase(of.org, `invocations/${ids[n - 1]}/payload?reason=asked`);
    expect(new Set(await sealedHex(of.org))).toEqual(new Set([""]));
  });

  it("is on record, with who and why, and told with what copies there are", async () => {
    const of = await payloadOrg();
    const id = await keptCall(of.org);
    const { token } = await createToken(of.org, ["org:admin"]);
    const path = `/v1/orgs/${of.org}/invocations/${id}/payload?reason=GDPR%2017`;
    const answer = await call("DELETE", path, { token });
    const { copies } = (await answer.json()) as { copies: { open_until: string; rotate: string } };
    expect(copies.rotate).toBe(`/v1/orgs/${of.org}/keys/rotate`);
    const days = (Date.parse(copies.open_until) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    const [entry, ...others] = await auditEntries(of.org, ENTRIES);
    expect(others).toEqual([]);
    expect(entry?.event).toMatchObject({
      target: `invocation://${id}`,
      invocation_id: id,
      details: { reason: "GDPR 17" },
    });
    expect(await pending(of.org)).toEqual([]);
  });

  it("is for org:admin, of what is there, and needs a reason", async () => {
    const of = await payloadOrg();
    const id = await keptCall(of.org);
    const path = `/v1/orgs/${of.org}/invocations/${id}/payload`;
    expect((await call("DELETE", `${path}?reason=x`, { token: of.reader })).status).toBe(403);
    expect((await call("DELETE", path)).status).toBe(400);
    const bare = makeSample()["id"];
    expect(
      (await call("DELETE", `/v1/orgs/${of.org}/invocations/${bare}/payload?reason=x`)).status,
    ).toBe(404);
    const stranger = await payloadOrg();
    const { token } = await createToken(stranger.org, ["org:admin"]);
    expect((await call("DELETE", `${path}?reason=x`, { token })).status).toBe(404);
    expect(await auditEntries(of.org, ENTRIES)).toEqual([]);
    expect(await hasPayload(of.org, id)).toBe(true);
  });

  it("takes both, where another told of the call before its report did", async () => {
    const of = await payloadOrg();
    const samples = [1, 2].map((n) => makeSample({ request_payload: `r${n}` }));
    const [id, other] = samples.map((sample) => sample["id"] as string) as [string, string];
    const org = (await findOrg(workerEnv.DIRECTORY, of.org))!;
    const names = { workspace: "prod", plugin: "github", tool: "t" };
    await recordPayloads(workerEnv, org, [{ id, ...names, request: "before", response: null }]);
    await report(of.org, samples);
    expect(await sealedHex(of.org)).toHaveLength(2);
    await erase(of.org, `invocations/${id}/payload?reason=asked`);
    expect(await hasPayload(of.org, id)).toBe(false);
    expect((await sealedHex(of.org)).filter((hex) => hex !== "")).toHaveLength(1);
    expect((await viewed(of, other)).request).toBe("r2");
  });

  it("of two at once in one row brings neither back", async () => {
    const of = await payloadOrg();
    const samples = Array.from({ length: 12 }, (_, n) =>
      makeSample({ started_at: Date.now(), request_payload: `r${n}` }),
    );
    await report(of.org, samples);
    const [kept, ...ids] = samples.map(({ id }) => id as string) as [string, ...string[]];
    const answers = await Promise.all(
      [...ids, ...ids].map((id) =>
        call("DELETE", `/v1/orgs/${of.org}/invocations/${id}/payload?reason=x`),
      ),
    );
    expect(answers.some(({ status }) => status >= 500)).toBe(false);
    for (const id of ids) expect(await hasPayload(of.org, id)).toBe(false);
    expect((await viewed(of, kept)).request).toBe("r0");
    const [hex] = (await sealedHex(of.org)).filter((each) => each !== "") as [string];
    expect(hex.replace(/^0+|0+$/g, "").length).toBeLessThanOrEqual(2 * 289);
  });
});

describe("The erasure of an actor's payloads", () => {
  it("takes all of that actor's and no others', however many pages they are", async () => {
    const of = await payloadOrg();
    const samples = Array.from({ length: 130 }, (_, n) =>
      makeSample({ actor: n % 2 === 0 ? "user:a" : "user:b", request_payload: n }),
    );
    await report(of.org, samples);
    await keptCall(of.org, { actor: "user:a" });
    const answer = await erase(of.org, "payloads?actor=user%3Aa&reason=left");
    expect(answer).toMatchObject({ erased: 66, pending: false });
    expect(await hasPayload(of.org, samples[0]!["id"] as string)).toBe(false);
    expect((await viewed(of, samples[129]!["id"] as string)).request).toBe(129);
    const again = await erase(of.org, "payloads?actor=user%3Aa&reason=left");
    expect(again.erased).toBe(0);
    const [entry] = await auditEntries(of.org, ENTRIES);
    expect(entry?.event).toMatchObject({
      target: null,
      details: { actor: "user:a", reason: "left" },
    });
  });

  it("is ended by the ticks where its request had no time for all", async () => {
    const of = await payloadOrg();
    const samples = Array.from({ length: 120 }, (_, n) =>
      makeSample({ actor: "user:a", request_payload: n }),
    );
    await report(of.org, samples);
    const deed = {
      ...{ id: "0193f3a0-1234-7000-8000-0123456789ab", org: of.org, occurredAtMs: Date.now() },
      ...{ actor: "operator:admin", action: "operator.payload.erased" as const, target: null },
      ...{ details: { actor: "user:a", reason: "x" }, requestId: null },
    };
    const whose = { actor: "user:a", invocation: null };
    const erasure = { deed, ...whose, afterId: "", erased: 0, againMs: null };
    const insert = `INSERT INTO payload_erasures (org, id, deed, actor) VALUES (?1, ?2, ?3, ?4)`;
    await db.prepare(insert).bind(of.org, deed.id, JSON.stringify(deed), "user:a").run();
    expect(await eraseOn(workerEnv, db, erasure, () => true)).toEqual({
      erased: 50,
      isPending: true,
    });
    const place = { env: workerEnv, shard: "SHARD_0", nowMs: Date.now() } as never;
    for (let steps = 0; (await pending(of.org)).length > 0; steps += 1) {
      if (steps > 5) throw new Error("it never ends");
      for (const item of await pending(of.org)) await erasureJob.step(place, item);
    }
    for (const { id } of samples) expect(await hasStored(of.org, id as string)).toBe(false);
  });
});

describe("What is erased", () => {
  const names = { workspace: "prod", plugin: "github", tool: "t" };

  it("does not come back by being sent again, by its report or beside it", async () => {
    const of = await payloadOrg();
    const sample = makeSample({ started_at: Date.now(), request_payload: "r" });
    const beside = makeSample({ started_at: Date.now(), request_payload: "b" });
    await report(of.org, [sample, beside]);
    const id = sample["id"] as string;
    await erase(of.org, `invocations/${id}/payload?reason=asked`);
    await report(of.org, [sample]);
    await report(of.org, [sample, makeSample({ request_payload: "another" })]);
    const org = (await findOrg(workerEnv.DIRECTORY, of.org))!;
    const again = await recordPayloads(workerEnv, org, [
      { id, ...names, request: "again", response: null },
    ]);
    expect(again.kept).toBe(0);
    expect(await hasPayload(of.org, id)).toBe(false);
    expect(await refusal(view(of, id))).toEqual([404, "not_found"]);
    expect((await viewed(of, beside["id"] as string)).request).toBe("b");
  });

  it("of an actor, is what was told of after it was asked for too", async () => {
    const of = await payloadOrg();
    const org = (await findOrg(workerEnv.DIRECTORY, of.org))!;
    const [early, late] = ["user:a", "user:a"].map((actor) =>
      makeSample({ actor, started_at: Date.now() }),
    ) as [Record<string, unknown>, Record<string, unknown>];
    const [earlyId, lateId] = [early["id"], late["id"]] as [string, string];
    await report(of.org, [{ ...early, request_payload: "early" }]);
    await recordPayloads(workerEnv, org, [
      { id: lateId, ...names, request: "late", response: null },
    ]);
    const answer = await erase(of.org, "payloads?actor=user%3Aa&reason=left");
    expect(answer).toMatchObject({ erased: 1, pending: false });
    await report(of.org, [late]);
    expect(await hasPayload(of.org, lateId)).toBe(true);
    expect(await pending(of.org)).toEqual([]);
    const place = { env: workerEnv, shard: "SHARD_0", nowMs: Date.now() } as never;
    const [again, ...others] = await pending(of.org, Date.now() + 76 * 60_000);
    expect(others).toEqual([]);
    expect(await erasureJob.step(place, again!)).toBe("done");
    for (const id of [earlyId, lateId]) expect(await hasPayload(of.org, id)).toBe(false);
    expect(await pending(of.org, Date.now() + 76 * 60_000)).toEqual([]);
    expect(await auditEntries(of.org, ENTRIES)).toHaveLength(1);
  });
});

async function hasStored(org: string, id: string): Promise<boolean> {
  const select = "SELECT payload_row FROM tool_invocations WHERE org = ?1 AND id = ?2";
  return (await db.prepare(select).bind(org, id).first("payload_row")) !== null;
}

describe("An erasure that breaks off", () => {
  it("at any step is on record or has erased nothing, and is ended by the next tick", async () => {
    for (let failAt = 0; ; failAt += 1) {
      const of = await payloadOrg();
      const id = await keptCall(of.org);
      const org = (await findOrg(workerEnv.DIRECTORY, of.org))!;
      let calls = 0;
      const env = envWithShard(async (_, send) => {
        calls += 1;
        if (calls - 1 === failAt) throw new Error(LOST);
        return send();
      });
      const { eraseOnRequest } = await import("#payloads/erase-payloads.ts");
      const by = { actor: "operator:admin", tokenId: null, requestId: null };
      const asked = { of: { invocation: id }, reason: "x" };
      const failed = await eraseOnRequest(env, org, asked, by, () => false).then(
        () => false,
        () => true,
      );
      if (!failed) {
        expect(failAt).toBeGreaterThanOrEqual(4);
        return;
      }
      const isErased = !(await hasPayload(of.org, id));
      const left = await pending(of.org);
      expect(left.length > 0 || !isErased).toBe(true);
      const place = { env: workerEnv, shard: "SHARD_0", nowMs: Date.now() } as never;
      for (const item of left) await erasureJob.step(place, item);
      expect(await hasPayload(of.org, id)).toBe(left.length === 0);
      expect(await pending(of.org)).toEqual([]);
    }
  });
});

describe("Retention and space", () => {
  it("payloads leave with their samples, never before, and nothing is counted of them then", async () => {
    const of = await payloadOrg();
    const hours = (n: number) => Date.now() - n * 3_600_000;
    const samples = [20, 2].map((n) =>
      makeSample({ started_at: hours(n), request_payload: LARGE }),
    );
    await report(of.org, samples);
    expect(await findPayloadBytes(db, of.org)).toBeGreaterThan(0);
    const org = (await findOrg(workerEnv.DIRECTORY, of.org))!;
    const retention = { ...org.retention, samplesHours: 26 };
    const later = Date.now() + 10 * 3_600_000;
    const prune = () => payloadsPart.prune!.chunk(db, { org: of.org, retention }, later);
    expect(await prune()).toBe("done");
    expect(await sealedHex(of.org)).toHaveLength(2);
    const drop = "DELETE FROM tool_invocations WHERE org = ?1 AND id = ?2";
    await db.prepare(drop).bind(of.org, samples[0]!["id"]).run();
    await prune();
    expect(await sealedHex(of.org)).toHaveLength(1);
    expect((await viewed(of, samples[1]!["id"] as string)).request).toBe(LARGE);
    await db.prepare(drop).bind(of.org, samples[1]!["id"]).run();
    await payloadsPart.prune!.chunk(db, { org: of.org, retention }, later + 30 * 3_600_000);
    expect(await sealedHex(of.org)).toEqual([]);
    expect(await findPayloadBytes(db, of.org)).toBeLessThan(20_000);
  });

  it("an org's payloads and erasures are gone once the org is", async () => {
    const of = await payloadOrg();
    await keptCall(of.org);
    const insert = `INSERT INTO payload_erasures (org, id, deed, actor) VALUES (?1, 'x', '{"org":"${of.org}","id":"x"}', 'a')`;
    await db.prepare(insert).bind(of.org).run();
    await call("DELETE", `/v1/orgs/${of.org}`);
    const { eraseOnce } = await import("#orgs/store/erase.ts");
    while (!(await eraseOnce(db, of.org)));
    for (const table of ["tool_invocation_payloads", "payload_erasures"]) {
      const select = `SELECT count(*) AS n FROM ${table} WHERE org = ?1`;
      expect(await db.prepare(select).bind(of.org).first("n")).toBe(0);
    }
  });
});
