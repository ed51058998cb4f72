import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keyUpkeepJob } from "#orgs/keys/key-upkeep-job.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { payloadKeyUse } from "#payloads/payload-key-use.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { dataKeyOf } from "#vault/data-keys.ts";
import { openDataKey } from "#vault/open-data-key.ts";
import { kekOf } from "#vault/root-keys.ts";
import { findDataKey } from "#vault/store/data-key-rows.ts";
import { unwrapKey } from "#vault/wrapped-key.ts";
import { refusal, requireStatus } from "../harness/answers.ts";
import { makeSample } from "../harness/calls.ts";
import { call, workerEnv } from "../harness/deployment.ts";
import {
  erase,
  keptCall,
  type PayloadOrg,
  payloadOrg,
  report,
  view,
  viewed,
} from "./payload-kit.ts";

const db = workerEnv.SHARD_0;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.useRealTimers();
});

const later = (minutes: number) => vi.setSystemTime(Date.now() + minutes * MINUTE_MS);
const orgOf = async ({ org }: PayloadOrg) => (await findOrg(workerEnv.DIRECTORY, org))!;

async function rotate({ org }: PayloadOrg): Promise<void> {
  const body = { purposes: ["payload"] };
  await requireStatus(200, call("POST", `/v1/orgs/${org}/keys/rotate`, { body }));
}

async function lookAfter({ org }: PayloadOrg): Promise<void> {
  const attempt = (_: string, work: () => Promise<void>) => work();
  const place = { env: workerEnv, shard: "SHARD_0", nowMs: Date.now(), attempt } as never;
  for (let turns = 0; (await keyUpkeepJob.step(place, org)) === "more"; turns += 1) {
    if (turns > 100) throw new Error("it never ends");
  }
}

async function versionsOf({ org }: PayloadOrg): Promise<Record<string, number>> {
  const select = `SELECT key_version AS version, count(*) AS rows FROM tool_invocation_payloads
    WHERE org = ?1 AND key_version > 0 GROUP BY key_version`;
  const { results } = await db.prepare(select).bind(org).all<{ version: number; rows: number }>();
  return Object.fromEntries(results.map(({ version, rows }) => [version, rows]));
}

/** What a copy of the databases has of the key, and what it takes to open it besides: the secrets. */
async function copiedKey(of: PayloadOrg, version: number) {
  const org = await orgOf(of);
  const wrapped = (await findDataKey(db, org, { purpose: "payload", version }))!;
  return { org, wrapped };
}

describe("After a rotation", () => {
  it("what was sealed before opens as it did, and is sealed anew, row by row", async () => {
    const of = await payloadOrg();
    const many = Array.from({ length: 20 }, (_, n) =>
      makeSample({ started_at: Date.now() - n * 11 * MINUTE_MS, request_payload: n }),
    );
    const together = [1, 2].map((n) =>
      makeSample({ request_payload: `t${n}`, response_payload: n }),
    );
    await report(of.org, [...many, ...together]);
    await rotate(of);
    const after = await keptCall(of.org, { request_payload: "after" });
    const check = async () => {
      for (const [n, { id }] of many.entries()) {
        expect((await viewed(of, id as string)).request).toBe(n);
      }
      expect((await viewed(of, together[1]!["id"] as string)).request).toBe("t2");
      expect((await viewed(of, after)).request).toBe("after");
    };
    await check();
    later(11);
    await lookAfter(of);
    expect(Object.keys(await versionsOf(of))).toEqual(["2"]);
    await check();
  });

  it("an erased payload opens in no copy once the version is destroyed, and all others do", async () => {
    const of = await payloadOrg();
    const [erased, kept] = [await keptCall(of.org), await keptCall(of.org)];
    const copy = await copiedKey(of, 1);
    const select = "SELECT sealed FROM tool_invocation_payloads WHERE org = ?1 AND id = ?2";
    const sealed = await db.prepare(select).bind(of.org, erased).first<number[]>("sealed");
    expect(await openDataKey(workerEnv, copy.org, copy.wrapped)).not.toBeNull();
    await erase(of.org, `invocations/${erased}/payload?reason=asked`);
    await rotate(of);
    later(11);
    await lookAfter(of);
    expect(await dataKeyOf(workerEnv, copy.org, "payload", 1)).toBeNull();
    expect(await openDataKey(workerEnv, copy.org, copy.wrapped)).toBeNull();
    // With the copy put back, and all secrets of the deployment.
    const insert = `REPLACE INTO tool_invocation_payloads (org, id, key_version, pieces, sealed)
      VALUES (?1, ?2, 1, ?3, ?4)`;
    const pieces = JSON.stringify({ [erased]: [0, 289, 289] });
    await db.prepare(insert).bind(of.org, erased, pieces, Uint8Array.from(sealed!)).run();
    expect(await refusal(view(of, erased))).toEqual([410, "payload_destroyed"]);
    expect((await viewed(of, kept)).request).toEqual({ q: 1 });
  });

  it("and a second one, what others seal meanwhile with the version before is sealed anew too", async () => {
    const of = await payloadOrg();
    const first = await keptCall(of.org, { request_payload: "first" });
    await rotate(of);
    const meanwhile = await keptCall(of.org, { request_payload: "meanwhile" });
    later(11);
    await rotate(of);
    // Somebody may seal with the second version for some minutes still, behind whoever seals anew by now.
    await lookAfter(of);
    expect(await versionsOf(of)).toEqual({ 1: 1, 2: 1 });
    later(11);
    await lookAfter(of);
    expect(await versionsOf(of)).toEqual({ 3: 2 });
    expect((await viewed(of, first)).request).toBe("first");
    expect((await viewed(of, meanwhile)).request).toBe("meanwhile");
  });

  it("an erasure beside the sealing anew brings nothing back, and nothing is lost", async () => {
    const of = await payloadOrg();
    const samples = Array.from({ length: 30 }, (_, n) => makeSample({ request_payload: n }));
    await report(of.org, samples);
    await rotate(of);
    later(11);
    const org = await orgOf(of);
    const ids = samples.map(({ id }) => id as string);
    const reseal = async () => {
      while ((await payloadKeyUse.reseal!(workerEnv, org, 2)) === "more");
    };
    const erasures = ids
      .filter((_, n) => n % 2 === 0)
      .map((id) => erase(of.org, `invocations/${id}/payload?reason=asked`));
    await Promise.all([reseal(), reseal(), ...erasures]);
    expect(Object.keys(await versionsOf(of))).toEqual(["2"]);
    for (const [n, id] of ids.entries()) {
      if (n % 2 === 0) expect(await refusal(view(of, id))).toEqual([404, "not_found"]);
      else expect((await viewed(of, id)).request).toBe(n);
    }
  });

  it("and another, beside ingest, views and the sealing anew, every payload opens", async () => {
    const of = await payloadOrg();
    const sent = new Map<string, number>();
    const ingested = async () => {
      const samples = Array.from({ length: 3 }, (_, n) => makeSample({ request_payload: n }));
      await report(of.org, samples);
      for (const [n, { id }] of samples.entries()) sent.set(id as string, n);
    };
    const shown = async () => {
      for (const [id, n] of [...sent].slice(-5)) expect((await viewed(of, id)).request).toBe(n);
    };
    await ingested();
    for (let round = 0; round < 3; round += 1) {
      await Promise.all([rotate(of), ingested(), ingested(), shown()]);
      later(11);
      await Promise.all([lookAfter(of), ingested(), ingested(), shown()]);
      later(1);
    }
    await lookAfter(of);
    expect(Object.keys(await versionsOf(of))).toEqual(["4"]);
    for (const [id, n] of sent) expect((await viewed(of, id)).request).toBe(n);
  });

  it("one that does not open stays so, and keeps no key from being destroyed", async () => {
    const of = await payloadOrg();
    const [bad, good] = [await keptCall(of.org), await keptCall(of.org)];
    const spoil = `UPDATE tool_invocation_payloads SET sealed = zeroblob(578) WHERE org = ?1 AND id = ?2`;
    await db.prepare(spoil).bind(of.org, bad).run();
    await rotate(of);
    later(11);
    await lookAfter(of);
    expect(await dataKeyOf(workerEnv, await orgOf(of), "payload", 1)).toBeNull();
    expect(await refusal(view(of, bad))).toEqual([500, "payload_refused"]);
    expect((await viewed(of, good)).request).toEqual({ q: 1 });
  });
});

describe("After an org's erasure", () => {
  it("no copy of the databases opens its payloads, with the deployment's secrets either", async () => {
    const of = await payloadOrg();
    const id = await keptCall(of.org);
    const copy = await copiedKey(of, 1);
    await requireStatus(202, call("DELETE", `/v1/orgs/${of.org}`));
    expect(await openDataKey(workerEnv, copy.org, copy.wrapped)).toBeNull();
    const kek = kekOf(workerEnv, copy.wrapped.kekVersion!);
    const place = { ...copy.org, purpose: "payload", version: 1, kekVersion: 1 } as const;
    for (const share of [new Uint8Array(0), new Uint8Array(32)]) {
      await expect(unwrapKey({ kek, share }, place, copy.wrapped.wrapped!)).rejects.toThrow();
    }
    expect((await view(of, id)).status).toBe(401);
  });
});
