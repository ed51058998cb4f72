import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { outboxJob } from "#audit/outbox-job.ts";
import { payloadKeyShares } from "#audit/payload-key-shares.ts";
import { keyAgeJob } from "#orgs/keys/key-age-job.ts";
import { keyUpkeepJob } from "#orgs/keys/key-upkeep-job.ts";
import type { Org } from "#orgs/org.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { forgetStreams } from "#streams/streams-of.ts";
import { dataKeyOf, newestDataKey } from "#vault/data-keys.ts";
import { openDataKey } from "#vault/open-data-key.ts";
import { rewrapJob } from "#vault/rewrap-job.ts";
import type { VersionedKey } from "#vault/seal.ts";
import { findDataKey } from "#vault/store/data-key-rows.ts";
import { auditEntries } from "../audit/audit-client.ts";
import { inLedger } from "../audit/ledger/test-log.ts";
import { receiver } from "../delivery/receiver.ts";
import { requireStatus } from "../harness/answers.ts";
import { call, envWithShard, workerEnv } from "../harness/deployment.ts";
import { losing } from "../harness/watched-d1.ts";
import {
  ALL_OPENED,
  fingerprintIn,
  GCM,
  keyedOrg,
  keyRow,
  keysIn,
  openedIn,
  rotated,
  runJob,
  sealAll,
  statesOf,
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

const later = (minutes: number) => vi.setSystemTime(Date.now() + minutes * MINUTE_MS);

const rotate = (org: Org, ...purposes: string[]) =>
  call("POST", `/v1/orgs/${org.org}/keys/rotate`, { body: { purposes } });
const destroy = (org: Org, below: number) =>
  call("POST", `/v1/orgs/${org.org}/keys/destroy`, {
    body: { purpose: "payload", below_version: below, reason: "leaked backup" },
  });

/** In the order of their names: the tests' clock stands still. */
async function keyEntries(org: Org) {
  const entries = await auditEntries(org.org, "?action_prefix=operator.data_key.&limit=1000");
  return entries.map(({ event }) => `${event["action"]} ${event["target"]}`).sort();
}

describe("A rotation", () => {
  it("seals what is new with the next version, and what was sealed opens as it did", async () => {
    const org = await keyedOrg();
    const { payload, fingerprint } = await sealAll(org);
    await requireStatus(200, rotate(org, "payload", "stream_header", "plugin_header"));
    expect((await newestDataKey(workerEnv, org, "payload")).version).toBe(2);
    expect(await openedIn(workerEnv, org, payload)).toEqual(ALL_OPENED);
    expect(await fingerprintIn(workerEnv, org.org)).toBe(fingerprint);
    expect(await keyEntries(org)).toEqual([
      "operator.data_key.rotated key://payload/2",
      "operator.data_key.rotated key://plugin_header/2",
      "operator.data_key.rotated key://stream_header/2",
    ]);
  });

  it("is one of those that were asked for at once, and one entry", async () => {
    const org = await keyedOrg();
    await newestDataKey(workerEnv, org, "payload");
    const asked = Array.from({ length: 6 }, () => requireStatus(200, rotate(org, "payload")));
    await Promise.all(asked);
    const states = await statesOf(org, "payload");
    expect(await keyEntries(org)).toHaveLength(states.length - 1);
    expect(states.filter(([, state]) => state === "newest")).toHaveLength(1);
  });

  it("has headers sealed anew, and destroys the version that nothing is sealed with any more", async () => {
    const org = await keyedOrg();
    const { payload } = await sealAll(org);
    await requireStatus(200, rotate(org, "stream_header", "plugin_header"));
    await runJob(workerEnv, keyUpkeepJob);
    expect(await statesOf(org, "plugin_header")).toEqual([
      [2, "newest"],
      [1, "earlier"],
    ]);
    later(11);
    await runJob(workerEnv, keyUpkeepJob);
    for (const purpose of ["stream_header", "plugin_header"]) {
      expect(await statesOf(org, purpose)).toEqual([
        [2, "newest"],
        [1, "destroyed"],
      ]);
    }
    forgetStreams(org.org);
    expect(await openedIn(workerEnv, org, payload)).toEqual(ALL_OPENED);
    await runJob(workerEnv, outboxJob);
    expect((await keyEntries(org)).slice(0, 2)).toEqual([
      "operator.data_key.destroyed key://plugin_header/1",
      "operator.data_key.destroyed key://stream_header/1",
    ]);
    const { purposes } = await keysIn(workerEnv, `/v1/orgs/${org.org}/keys/status`);
    const rows = purposes.flatMap((one) => one.versions.map((version) => version.rows));
    expect(rows).toEqual([0, 1, 0, 1, 0, null]);
  });

  it("goes on beside one of the key-encryption key, ingest and openings: all opens", async () => {
    const org = await keyedOrg();
    const { fingerprint } = await sealAll(org);
    const sealed: { version: number; bytes: Uint8Array }[] = [];
    const sealOne = async () => {
      const { version, key } = await newestDataKey(rotated(), org, "payload");
      const bytes = new Uint8Array(await crypto.subtle.encrypt(GCM, key, new Uint8Array(4)));
      sealed.push({ version, bytes });
    };
    const openOne = async ({ version, bytes }: (typeof sealed)[number]) => {
      const { key } = (await dataKeyOf(rotated(), org, "payload", version)) as VersionedKey;
      await crypto.subtle.decrypt(GCM, key, bytes);
    };
    for (let round = 0; round < 6; round += 1) {
      await Promise.all([
        requireStatus(200, rotate(org, "payload", "stream_header")),
        runJob(rotated(), rewrapJob),
        ...Array.from({ length: 4 }, sealOne),
        ...sealed.map(openOne),
        fingerprintIn(rotated(), org.org),
        runJob(rotated(), keyUpkeepJob),
      ]);
      // Nothing tells of what is sealed here: a version that is ten minutes old would be destroyed.
      later(1);
    }
    await runJob(rotated(), rewrapJob);
    await Promise.all(sealed.map(openOne));
    expect(await fingerprintIn(rotated(), org.org)).toBe(fingerprint);
    expect(new Set(sealed.map(({ version }) => version)).size).toBeGreaterThan(2);
  });

  it("comes with age where the org says so, and by itself nowhere else", async () => {
    const [org, other] = [await keyedOrg(), await keyedOrg()];
    const body = { key_rotation_days: 30 };
    const path = `/v1/orgs/${org.org}`;
    const changed = await requireStatus(200, call("PATCH", path, { body }));
    expect(await changed.json()).toMatchObject(body);
    for (const one of [org, other]) await newestDataKey(workerEnv, one, "payload");
    later(29 * 24 * 60);
    await runJob(workerEnv, keyAgeJob);
    expect(await statesOf(org, "payload")).toEqual([[1, "newest"]]);
    later(2 * 24 * 60);
    await runJob(workerEnv, keyAgeJob);
    expect(await statesOf(org, "payload")).toEqual([
      [2, "newest"],
      [1, "earlier"],
    ]);
    expect(await statesOf(other, "payload")).toEqual([[1, "newest"]]);
    const never = await requireStatus(
      200,
      call("PATCH", path, { body: { key_rotation_days: null } }),
    );
    expect(await never.json()).toMatchObject({ key_rotation_days: null });
    expect(await keyEntries(org)).toEqual(["operator.data_key.rotated key://payload/2"]);
  });

  it("is told of though the request ended before it was", async () => {
    const org = await keyedOrg();
    await newestDataKey(workerEnv, org, "payload");
    const { app } = await import("#app.ts");
    const dying = envWithShard(losing("SET entry = NULL", "before"));
    const headers = {
      authorization: `Bearer ${workerEnv.MCPG_ADMIN_TOKEN}`,
      "content-type": "application/json",
    };
    const path = `https://mcpg.test/v1/orgs/${org.org}/keys/rotate`;
    const body = JSON.stringify({ purposes: ["payload"] });
    await app.request(path, { method: "POST", headers, body }, dying);
    await runJob(workerEnv, keyUpkeepJob);
    await runJob(workerEnv, outboxJob);
    expect(await keyEntries(org)).toEqual(["operator.data_key.rotated key://payload/2"]);
  });
});

describe("A version that is destroyed", () => {
  it("opens nowhere, in a copy of D1 from before with the secrets neither", async () => {
    const org = await keyedOrg();
    const { payload } = await sealAll(org);
    const copied = (await findDataKey(workerEnv.SHARD_0, org, { purpose: "payload", version: 1 }))!;
    await requireStatus(200, rotate(org, "payload"));
    expect((await destroy(org, 2)).status).toBe(409);
    later(11);
    expect((await openDataKey(workerEnv, org, copied))?.length).toBe(32);
    await requireStatus(200, destroy(org, 2));
    expect(await dataKeyOf(workerEnv, org, "payload", 1)).toBeNull();
    expect(await openDataKey(workerEnv, org, copied)).toBeNull();
    await expect(openedIn(workerEnv, org, payload)).rejects.toThrow();
    expect((await newestDataKey(workerEnv, org, "payload")).version).toBe(2);
    expect((await keyEntries(org))[0]).toBe("operator.data_key.destroyed key://payload/1");
  });

  it("never comes back, and the newest never goes", async () => {
    const org = await keyedOrg();
    await newestDataKey(workerEnv, org, "payload");
    await requireStatus(200, rotate(org, "payload"));
    later(11);
    await requireStatus(200, destroy(org, 2));
    await requireStatus(200, destroy(org, 9));
    expect(await statesOf(org, "payload")).toEqual([
      [2, "newest"],
      [1, "destroyed"],
    ]);
    const before = await keyRow(org, "payload", 1);
    const attempts = [
      "UPDATE data_keys SET wrapped = x'00', kek_version = 1, destroyed_at_ms = NULL WHERE version = 1",
      "UPDATE data_keys SET is_doomed = 0 WHERE version = 1",
      "UPDATE data_keys SET is_doomed = 1 WHERE version = 2",
      "UPDATE data_keys SET version = 3 WHERE version = 1",
      "DELETE FROM data_keys WHERE version = 1",
    ];
    for (const sql of attempts) {
      const attempt = workerEnv.SHARD_0.prepare(`${sql} AND org = ?1 AND purpose = 'payload'`);
      await expect(attempt.bind(org.org).run()).rejects.toThrow("data_keys");
    }
    for (const version of [1, 0]) {
      const insert = `INSERT OR REPLACE INTO data_keys (org, purpose, version, wrapped, kek_version, created_at_ms)
        VALUES (?1, 'payload', ${version}, x'00', 1, 0)`;
      const attempt = workerEnv.SHARD_0.prepare(insert).bind(org.org);
      await expect(attempt.run()).rejects.toThrow("versions only grow");
    }
    expect(await keyRow(org, "payload", 1)).toEqual(before);
    expect(await payloadKeyShares.make(workerEnv, org, 1)).toBeNull();
    const object = { org: org.org, log: 1, shard: "SHARD_0" };
    for (const sql of [
      "UPDATE key_shares SET share = zeroblob(32) WHERE version = 1",
      "INSERT OR REPLACE INTO key_shares VALUES (1, zeroblob(32))",
      "DELETE FROM key_shares WHERE version = 1",
    ]) {
      const attempt = inLedger(object, (ledger) => {
        try {
          return String(ledger.exec(sql).rowsWritten);
        } catch (error) {
          return String(error);
        }
      });
      expect(await attempt).toContain("key_shares");
    }
  });

  it("is destroyed though the request died, at whatever step", async () => {
    for (const step of ["SET wrapped = NULL", "SET entry = NULL"]) {
      const org = await keyedOrg();
      await newestDataKey(workerEnv, org, "payload");
      await requireStatus(200, rotate(org, "payload"));
      later(11);
      const { app } = await import("#app.ts");
      const headers = {
        authorization: `Bearer ${workerEnv.MCPG_ADMIN_TOKEN}`,
        "content-type": "application/json",
      };
      const path = `https://mcpg.test/v1/orgs/${org.org}/keys/destroy`;
      const body = JSON.stringify({ purpose: "payload", below_version: 2, reason: "x" });
      await app.request(
        path,
        { method: "POST", headers, body },
        envWithShard(losing(step, "before")),
      );
      later(6);
      expect(await dataKeyOf(workerEnv, org, "payload", 1)).toBeNull();
      // With every key-encryption key that an org of this file has.
      await runJob(rotated(), keyUpkeepJob);
      expect(await statesOf(org, "payload")).toEqual([
        [2, "newest"],
        [1, "destroyed"],
      ]);
    }
  });
});

describe("An org's deletion", () => {
  it("destroys its payload keys at once, for copies of D1 with the secrets too, and makes no other", async () => {
    const org = await keyedOrg();
    await newestDataKey(workerEnv, org, "payload");
    const copied = (await findDataKey(workerEnv.SHARD_0, org, { purpose: "payload", version: 1 }))!;
    await requireStatus(202, call("DELETE", `/v1/orgs/${org.org}`));
    expect(await openDataKey(workerEnv, org, copied)).toBeNull();
    expect(await payloadKeyShares.make(workerEnv, org, 1)).toBeNull();
    expect(await payloadKeyShares.make(workerEnv, org, 2)).toBeNull();
    await expect(newestDataKey(workerEnv, org, "plugin_header")).rejects.toThrow("not_found");
  });
});
