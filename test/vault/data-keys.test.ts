import { describe, expect, it, vi } from "vitest";
import { recordCalls } from "#calls/record-calls.ts";
import type { Org } from "#orgs/org.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { dataKeyOf, newestDataKey } from "#vault/data-keys.ts";
import { fingerprintKey } from "#vault/fingerprint-key.ts";
import { makeDataKey } from "#vault/make-data-key.ts";
import { openDataKey } from "#vault/open-data-key.ts";
import { makeSample } from "../harness/calls.ts";
import { workerEnv } from "../harness/deployment.ts";
import { makeOrg } from "../harness/orgs.ts";
import { watchedD1 } from "../harness/watched-d1.ts";

async function keyedOrg(): Promise<Org> {
  return (await findOrg(workerEnv.DIRECTORY, await makeOrg()))!;
}

/** How many statements the shard is sent. */
function counted() {
  const sent: string[] = [];
  const SHARD_0 = watchedD1(workerEnv.SHARD_0, (sql, send) => {
    sent.push(...sql.split(";\n"));
    return send();
  });
  return { env: { ...workerEnv, SHARD_0 } as Env, sent };
}

const PLACE = { name: "AES-GCM", iv: new Uint8Array(12) };
const sealedWith = async (key: CryptoKey) =>
  new Uint8Array(await crypto.subtle.encrypt(PLACE, key, new Uint8Array(8))).join();

describe("Data keys", () => {
  it("are one for all who ask at once, and of each purpose and org another", async () => {
    const org = await keyedOrg();
    const asked = Array.from({ length: 8 }, () => newestDataKey(workerEnv, org, "payload"));
    const keys = await Promise.all(asked);
    expect(new Set(await Promise.all(keys.map(({ key }) => sealedWith(key)))).size).toBe(1);
    const others = [
      await newestDataKey(workerEnv, org, "stream_header"),
      await newestDataKey(workerEnv, org, "plugin_header"),
      await newestDataKey(workerEnv, await keyedOrg(), "payload"),
      keys[0]!,
    ];
    expect(new Set(await Promise.all(others.map(({ key }) => sealedWith(key)))).size).toBe(4);
  });

  it("cost no query and no call while the isolate remembers them, for five minutes", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const org = await keyedOrg();
    const { env, sent } = counted();
    await newestDataKey(env, org, "payload");
    await fingerprintKey(env, org);
    const before = sent.length;
    expect(before).toBe(6);
    await newestDataKey(env, org, "payload");
    await dataKeyOf(env, org, "payload", 1);
    await fingerprintKey(env, org);
    expect(sent.length).toBe(before);
    vi.setSystemTime(Date.now() + 5 * MINUTE_MS);
    await newestDataKey(env, org, "payload");
    await fingerprintKey(env, org);
    expect(sent.length).toBe(before + 2);
    vi.useRealTimers();
  });

  it("are asked for by reports with a message alone, and once", async () => {
    const org = await keyedOrg();
    const { env, sent } = counted();
    const report = async (fields: Record<string, unknown>) => {
      sent.length = 0;
      const samples = [makeSample(fields)];
      const instance = { instance: "gw-1", epoch: null, seq: null, dropped: null, batchId: null };
      await recordCalls(env, org, { ...instance, isFinal: false, samples }, Date.now());
      return [sent.length, sent.filter((sql) => sql.includes("data_keys")).length];
    };
    const failed = { outcome: "server_error", error_message: "no" };
    const [plain] = await report({});
    expect(await report({})).toEqual([plain, 0]);
    expect(await report(failed)).toEqual([plain! + 3, 3]);
    expect(await report(failed)).toEqual([plain, 0]);
  });

  it("are made for no org that is gone, or of another generation", async () => {
    const org = await keyedOrg();
    const moved = { ...org, generation: 2 };
    await expect(newestDataKey(workerEnv, moved, "payload")).rejects.toThrow("not_found");
    await newestDataKey(workerEnv, org, "payload");
    await expect(newestDataKey(workerEnv, moved, "payload")).rejects.toThrow();
  });

  it("open in no other org, purpose or version, and not with a byte changed", async () => {
    const [org, other] = [await keyedOrg(), await keyedOrg()];
    const made = await makeDataKey(workerEnv, org, { purpose: "stream_header", version: 1 });
    const row = made.newest;
    expect((await openDataKey(workerEnv, org, row))?.length).toBe(32);
    const altered = row.wrapped!.with(40, row.wrapped![40]! ^ 1);
    const moved = [
      openDataKey(workerEnv, other, row),
      openDataKey(workerEnv, org, { ...row, purpose: "plugin_header" }),
      openDataKey(workerEnv, org, { ...row, version: 2 }),
      openDataKey(workerEnv, org, { ...row, wrapped: altered }),
    ];
    for (const opening of moved) await expect(opening).rejects.toThrow("cannot be opened");
  });

  it("of payloads open with no copy of D1 and the secrets: the ledger's object has their share", async () => {
    const org = await keyedOrg();
    const { newest } = await makeDataKey(workerEnv, org, { purpose: "payload", version: 1 });
    const LEDGER = { getByName: () => ({ keyShare: async () => new Uint8Array(32) }) };
    const copy = { ...workerEnv, LEDGER } as unknown as Env;
    await expect(openDataKey(copy, org, newest)).rejects.toThrow("cannot be opened");
    expect((await openDataKey(workerEnv, org, newest))?.length).toBe(32);
  });
});
