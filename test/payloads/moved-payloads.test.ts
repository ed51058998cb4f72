import { afterEach, describe, expect, it, vi } from "vitest";
import { settleOnce } from "#calls/pairing/settle-calls.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { eraseOn } from "#payloads/erase-payloads.ts";
import { moveJob } from "#payloads/move-job.ts";
import { moveMarked } from "#payloads/move-payloads.ts";
import { recordPayloads } from "#payloads/record-payloads.ts";
import { findErasures } from "#payloads/store/erasures.ts";
import type { Env } from "#platform/env.ts";
import { refusal } from "../harness/answers.ts";
import { makeSample } from "../harness/calls.ts";
import { call, workerEnv } from "../harness/deployment.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";
import { refuseOrg } from "../harness/shard-org.ts";
import { watchedD1 } from "../harness/watched-d1.ts";
import { post, send, settle, span } from "../otlp/one-call-kit.ts";
import { hasPayload, type PayloadOrg, report, view, viewed } from "./payload-kit.ts";

const db = workerEnv.SHARD_0;
afterEach(() => {
  vi.useRealTimers();
});
const TOLD = {
  "gen_ai.tool.call.arguments": '{"q":1}',
  "gen_ai.tool.call.result": '{"email":"alice@example.com"}',
};
const NAMES = { workspace: "prod", plugin: "crm", tool: "find_person" };

async function tracedOrg() {
  const name = await makeOrg({
    ...{ entitlements: { payload_capture: true }, payload_capture: { otlp: true, gateway: true } },
  });
  const { token } = await createToken(name, ["payloads:read"]);
  const org = (await findOrg(workerEnv.DIRECTORY, name))!;
  return { org, of: { org: name, reader: token } satisfies PayloadOrg };
}

/** A server's call, and its caller's span that tells what it carried. */
function pair() {
  const client = span({ side: "client", service: "agent", tool: NAMES.tool, attributes: TOLD });
  return { client, server: span({ under: client, service: NAMES.plugin, tool: NAMES.tool }) };
}

async function onlySample(org: string): Promise<string> {
  const select = "SELECT id FROM tool_invocations WHERE org = ?1";
  const { results } = await db.prepare(select).bind(org).all<{ id: string }>();
  expect(results).toHaveLength(1);
  return results[0]!.id;
}

async function rowsOf(org: string): Promise<{ id: string; movedTo: string | null }[]> {
  const select = `SELECT id, moved_to AS movedTo FROM tool_invocation_payloads WHERE org = ?1`;
  return (await db.prepare(select).bind(org).all<{ id: string; movedTo: string | null }>()).results;
}

async function marked() {
  const { org, of } = await tracedOrg();
  const { client, server } = pair();
  await send(org, [server]);
  await send(org, [client]);
  await settle(org);
  return { of, id: await onlySample(of.org) };
}

const withKek = (settings: Record<string, string>) => ({ ...workerEnv, ...settings }) as Env;
const kek = (byte: number) => btoa(String.fromCharCode(...new Uint8Array(32).fill(byte)));

describe("A payload that was told of by another span than its sample's", () => {
  it("is redacted by the names that the sample has", async () => {
    const { org, of } = await tracedOrg();
    const rules = [{ plugin: NAMES.plugin, tool: NAMES.tool, paths: ["$..email"] }];
    await call("PUT", `/v1/orgs/${of.org}/redaction`, { body: { rules } });
    const redacting = (await findOrg(workerEnv.DIRECTORY, of.org))!;
    const { client, server } = pair();
    await send(redacting, [server]);
    await send(redacting, [client]);
    await settle(org);
    const { request, response } = await viewed(of, await onlySample(of.org));
    expect({ request, response }).toEqual({ request: { q: 1 }, response: { email: "[redacted]" } });
  });

  it("is found by whoever settles its call while it is still being recorded", async () => {
    const { org, of } = await tracedOrg();
    const { client, server } = pair();
    await send(org, [server]);
    await send(org, [client], async (sql, go) => {
      if (sql.includes("INTO tool_invocation_payloads")) await settle(org);
      return go();
    });
    await settle(org);
    expect((await viewed(of, await onlySample(of.org))).request).toEqual({ q: 1 });
    expect((await rowsOf(of.org)).map(({ movedTo }) => movedTo)).toEqual([null]);
  });

  it("of the gateway is of the server's sample that counts the call, and is erased with it", async () => {
    const { org, of } = await tracedOrg();
    const { client, server } = pair();
    await send(org, [server]);
    const sample = makeSample({
      ...{ ...NAMES, actor: "user:a", started_at: client.start.ms },
      ...{ trace_id: client.traceId, span_id: client.spanId },
    });
    const id = sample["id"] as string;
    await recordPayloads(workerEnv, org, [
      { id, ...NAMES, request: { gateway: true }, response: null },
    ]);
    await post(org, [sample], new Map([[id, client.spanId]]));
    const counted = await onlySample(of.org);
    expect(counted).not.toBe(id);
    expect(await hasPayload(of.org, counted)).toBe(true);
    expect((await viewed(of, counted)).request).toEqual({ gateway: true });
    const path = `/v1/orgs/${of.org}/invocations/${counted}/payload?reason=asked`;
    expect(await (await call("DELETE", path)).json()).toMatchObject({ erased: 1 });
    expect((await rowsOf(of.org)).map((row) => row.id)).toEqual([counted]);
  });

  it("waits, whole, where the key-encryption key is another, and needs none that came later", async () => {
    const { org, of } = await tracedOrg();
    const { client, server } = pair();
    await send(org, [server]);
    await send(org, [client]);
    const newer = withKek({ MCPG_PAYLOAD_KEK_2: kek(2) });
    await settleOnce(newer, org, Date.now() + 60_000);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 6 * 60_000 });
    const wrong = withKek({ MCPG_PAYLOAD_KEK: kek(9) });
    await expect(moveMarked(wrong, org, { limit: 1 })).rejects.toThrow("misconfigured");
    const moved = await moveMarked(workerEnv, org, { limit: 1 });
    expect(moved).toEqual({ rows: 1, settled: 1, refused: 0 });
    expect((await viewed(of, await onlySample(of.org))).request).toEqual({ q: 1 });
  });

  it("is moved however full the shard is, for its call was acknowledged", async () => {
    const { of, id } = await marked();
    await refuseOrg(of.org, Date.now());
    const place = { env: workerEnv, shard: "SHARD_0" } as never;
    expect(await moveJob.step(place, of.org)).toBe("done");
    expect((await rowsOf(of.org)).map((row) => row.id)).toEqual([id]);
  });

  it("is refused, counted and stays where its row says a key that never was", async () => {
    const { of, id } = await marked();
    await db
      .prepare("UPDATE tool_invocation_payloads SET key_version = 99 WHERE org = ?1")
      .bind(of.org)
      .run();
    expect(await refusal(view(of, id))).toEqual([500, "payload_refused"]);
    expect(await rowsOf(of.org)).toHaveLength(1);
  });

  it("is refused where its pieces are none, and keeps nothing else from being moved", async () => {
    const { of, id } = await marked();
    for (const pieces of ["null", '{"x":5}']) {
      const damage = `UPDATE tool_invocation_payloads SET pieces = ?2, moved_to = ?3 WHERE org = ?1`;
      await db.prepare(damage).bind(of.org, pieces, id).run();
      expect(await refusal(view(of, id))).toEqual([500, "payload_refused"]);
    }
  });
});

describe("An actor's erasure beside another that goes through the same samples", () => {
  it("goes through them once more from a day before, whoever was behind", async () => {
    const { of } = await tracedOrg();
    const samples = Array.from({ length: 60 }, (_, n) =>
      makeSample({ actor: "user:a", request_payload: n }),
    );
    await report(of.org, samples);
    const deed = {
      ...{ id: "0193f3a0-1234-7000-8000-0123456789ab", org: of.org, occurredAtMs: Date.now() },
      ...{ actor: "operator:admin", action: "operator.payload.erased" as const, target: null },
      ...{ details: { actor: "user:a", reason: "x" }, requestId: null },
    };
    const insert = `INSERT INTO payload_erasures (org, id, deed, actor) VALUES (?1, ?2, ?3, ?4)`;
    await db.prepare(insert).bind(of.org, deed.id, JSON.stringify(deed), "user:a").run();
    const [erasure] = await findErasures(db, [of.org, ""], { limit: 1, nowMs: Date.now() });
    let isFirst = true;
    const slow = watchedD1(db, async (sql, go) => {
      const answer = await go();
      if (isFirst && sql.includes("scanned AS MATERIALIZED")) {
        isFirst = false;
        await eraseOn(workerEnv, db, erasure!, () => false);
      }
      return answer;
    });
    await eraseOn(workerEnv, slow, erasure!, () => true);
    const select = "SELECT after_id AS afterId FROM payload_erasures WHERE org = ?1";
    const afterId = await db.prepare(select).bind(of.org).first<string>("afterId");
    const atMs = Number.parseInt(afterId!.replaceAll("-", "").slice(0, 12), 16);
    expect(Math.abs(deed.occurredAtMs - 86_400_000 - atMs)).toBeLessThan(1_000);
  });
});
