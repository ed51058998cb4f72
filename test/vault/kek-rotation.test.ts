import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openSession, sealSession } from "#gateway/proxy/upstream/sealed-session.ts";
import { administratorMac, administratorMacs } from "#orgs/web-session/administrator-mac.ts";
import type { Env } from "#platform/env.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { streamsOf } from "#streams/streams-of.ts";
import { newestDataKey } from "#vault/data-keys.ts";
import { deriveFingerprintKey, deriveFormerKey } from "#vault/derive.ts";
import { fingerprintKey } from "#vault/fingerprint-key.ts";
import { macOf, macsOf } from "#vault/mac.ts";
import { rewrapJob } from "#vault/rewrap-job.ts";
import { payloadKeks } from "#vault/root-keys.ts";
import { ask } from "../audit/changed-settings.ts";
import { receiver } from "../delivery/receiver.ts";
import { problemOf } from "../harness/answers.ts";
import { workerEnv } from "../harness/deployment.ts";
import { type Fault, faultyD1, losing, watchedD1 } from "../harness/watched-d1.ts";
import {
  ALL_OPENED,
  fingerprintIn,
  keyedOrg,
  keyRow,
  keysIn,
  openedIn,
  renewed,
  rotated,
  runJob,
  SECRET,
  sealAll,
} from "./keyed-orgs.ts";

beforeEach(() => {
  receiver();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60 * MINUTE_MS });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Until no isolate remembers anything. */
const forgetAll = () => vi.setSystemTime(Date.now() + 6 * MINUTE_MS);

describe("A new key-encryption key, once it wraps all, and the old one removed", () => {
  it("loses no stream header, plugin secret, payload key or error group", async () => {
    const org = await keyedOrg();
    const { fingerprint, payload } = await sealAll(org);
    await runJob(rotated(), rewrapJob);
    forgetAll();
    expect(await openedIn(renewed(), org, payload)).toEqual(ALL_OPENED);
    expect(await fingerprintIn(renewed(), org.org)).toBe(fingerprint);
    expect((await ask(renewed(), "/readyz")).status).toBe(200);
  });

  it("may be removed when keys/status says so, and not before", async () => {
    const org = await keyedOrg();
    await sealAll(org);
    const before = await keysIn(rotated(), "/v1/keys/status");
    expect(before.may_remove).toEqual([]);
    expect(before.keks.map(({ version, is_newest }) => [version, is_newest])).toEqual([
      [1, false],
      [2, true],
    ]);
    await runJob(rotated(), rewrapJob);
    // Others may not have the new one yet.
    expect((await keysIn(rotated(), "/v1/keys/status")).may_remove).toEqual([]);
    vi.setSystemTime(Date.now() + 11 * MINUTE_MS);
    const after = await keysIn(rotated(), "/v1/keys/status");
    expect(after.may_remove).toEqual(["MCPG_PAYLOAD_KEK"]);
    expect(after.keks[0]?.keys).toBe(0);
    const { keks } = await keysIn(rotated(), `/v1/orgs/${org.org}/keys/status`);
    expect(keks.map(({ keys }) => keys)).toEqual([0, 4]);
  });

  it("too early is misconfigured by name, in /readyz and where it is needed, and loses nothing", async () => {
    const org = await keyedOrg();
    const { payload } = await sealAll(org);
    forgetAll();
    const env = renewed();
    const answer = await ask(env, "/readyz");
    expect(answer.status).toBe(503);
    const problem = await problemOf(answer);
    expect([problem.code, problem.detail]).toEqual([
      "misconfigured",
      "The deployment's MCPG_PAYLOAD_KEK is not set, and data keys are wrapped by it.",
    ]);
    await expect(fingerprintKey(env, org)).rejects.toThrow("misconfigured");
    forgetAll();
    expect(await openedIn(workerEnv, org, payload)).toEqual(ALL_OPENED);
  });

  it("is misconfigured where it is another than before, and wraps nothing", async () => {
    const org = await keyedOrg();
    await newestDataKey(workerEnv, org, "payload");
    const MCPG_PAYLOAD_KEK = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
    const wrong = { ...workerEnv, MCPG_PAYLOAD_KEK } as Env;
    // Keys of other tests are wrapped by the second.
    const problem = await problemOf(await ask({ ...rotated(), MCPG_PAYLOAD_KEK }, "/readyz"));
    expect(problem.detail).toContain("MCPG_PAYLOAD_KEK is not the one that data keys");
    expect(JSON.stringify(problem)).not.toContain(MCPG_PAYLOAD_KEK);
    await expect(newestDataKey(wrong, org, "plugin_header")).rejects.toThrow("misconfigured");
    forgetAll();
    await expect(newestDataKey(wrong, org, "payload")).rejects.toThrow("misconfigured");
  });

  it("keeps what was sealed before there were data keys, and its error groups", async () => {
    const org = await keyedOrg();
    const insert = `INSERT INTO data_keys (org, purpose, version, wrapped, kek_version, created_at_ms)
      VALUES (?1, 'error_fingerprint', 1, x'', 1, 0), (?1, 'stream_header', 0, x'', 1, 0)`;
    await workerEnv.SHARD_0.prepare(insert).bind(org.org).run();
    const kek = payloadKeks(workerEnv).get(1)!;
    const former = deriveFingerprintKey(kek, org.org);
    expect(await fingerprintKey(workerEnv, org)).toEqual(former);
    await workerEnv.DIRECTORY.prepare(
      "INSERT INTO observability (org, settings, version, sends, updated_at_ms) VALUES (?1, ?2, 1, 1, 0)",
    )
      .bind(org.org, JSON.stringify(await formerStreams(kek, org.org)))
      .run();
    const header = async (env: Env) =>
      (await streamsOf(env, org.org)).metrics.otlp?.headers["authorization"];
    expect(await header(workerEnv)).toBe(SECRET);
    await runJob(rotated(), rewrapJob);
    forgetAll();
    expect(await header(renewed())).toBe(SECRET);
    expect(await fingerprintKey(renewed(), org)).toEqual(former);
  });
});

/** As they lie in a folder of before. */
async function formerStreams(kek: Uint8Array, org: string) {
  const bytes = await deriveFormerKey(kek, "streamHeader", org);
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt"]);
  const iv = new Uint8Array(12);
  const utf8 = new TextEncoder();
  const additionalData = utf8.encode(JSON.stringify(["metrics", "authorization"]));
  const gcm = { name: "AES-GCM", iv, additionalData };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(gcm, key, utf8.encode(SECRET)));
  const base64 = (some: Uint8Array) => btoa(String.fromCharCode(...some));
  const authorization = `v1.${base64(iv)}.${base64(sealed)}`;
  const to = { endpoint: "https://otel.example.com:4318", headers: { authorization } };
  return { metrics: { enabled: true, to } };
}

describe("Rewrapping", () => {
  it("goes on where it was killed, at whatever step, and everything opens meanwhile", async () => {
    for (let killedAt = 0; killedAt < 4; killedAt += 1) {
      const org = await keyedOrg();
      const { payload } = await sealAll(org);
      const when = killedAt % 2 === 0 ? "before" : "after";
      let updates = 0;
      const SHARD_0 = watchedD1(workerEnv.SHARD_0, (sql, send) => {
        if (!sql.includes("SET wrapped")) return send();
        updates += 1;
        return updates > killedAt ? losing("", when)(sql, send, false) : send();
      });
      await expect(runJob({ ...rotated(), SHARD_0 }, rewrapJob)).rejects.toThrow("failed");
      forgetAll();
      expect(await openedIn(rotated(), org, payload)).toEqual(ALL_OPENED);
      await runJob(rotated(), rewrapJob);
      forgetAll();
      expect(await openedIn(renewed(), org, payload)).toEqual(ALL_OPENED);
    }
  });

  it("writes each key once, and nothing where there is nothing to do", async () => {
    const org = await keyedOrg();
    await sealAll(org);
    await Promise.all([runJob(rotated(), rewrapJob), runJob(rotated(), rewrapJob)]);
    const before = await keyRow(org, "payload", 1);
    await runJob(rotated(), rewrapJob);
    expect(await keyRow(org, "payload", 1)).toEqual(before);
    const fault: Fault = "before";
    const silent = { ...rotated(), SHARD_0: faultyD1(workerEnv.SHARD_0, () => fault) };
    await runJob(silent, rewrapJob);
  });
});

describe("What is derived from the key-encryption key", () => {
  it("and was sealed or said under an earlier one is known while that is set", async () => {
    const place = { org: "acme", workspace: "prod", plugin: "github", principalKey: "token:1" };
    const session = { upstreamId: "8c0b", version: "2025-11-25" } as const;
    const id = await sealSession(workerEnv, place, session);
    expect(await openSession(rotated(), place, id)).toEqual(session);
    expect(await openSession(renewed(), place, id)).toBeNull();
    const newer = await sealSession(rotated(), place, session);
    expect(await openSession(renewed(), place, newer)).toEqual(session);
    expect(await openSession(workerEnv, place, newer)).toBeNull();

    const said = await macOf(workerEnv, "askedId", "acme", "1");
    expect(await macsOf(rotated(), "askedId", "acme", "1")).toContainEqual(said);
    expect(await macsOf(renewed(), "askedId", "acme", "1")).not.toContainEqual(said);
    expect(await macOf(rotated(), "askedId", "acme", "1")).toEqual(
      await macOf(renewed(), "askedId", "acme", "1"),
    );

    const kept = await administratorMac(workerEnv);
    expect(await administratorMacs(rotated())).toContain(kept);
    expect(await administratorMacs(renewed())).not.toContain(kept);
  });
});
