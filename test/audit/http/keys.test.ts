import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "#app.ts";
import { announceKey } from "#audit/signing/key-rotation.ts";
import { signNow } from "#audit/signing/sign-now.ts";
import { encodeHex } from "#formats/hex.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { parseNote, verifyNote } from "#formats/tlog/signed-note.ts";
import { refusal, requireStatus } from "../../harness/answers.ts";
import { ADMIN_TOKEN, call, envWithShard, workerEnv } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import { losing } from "../../harness/watched-d1.ts";
import {
  appendEvents,
  auditEntries,
  auditText,
  EVENT,
  exportedLines,
  type KeyBody,
  keysOf,
  parseLine,
  signHead,
  statusOf,
} from "../audit-client.ts";
import { refusalOf } from "../ledger/test-log.ts";

// What fails on purpose is logged.
beforeEach(() => vi.spyOn(console, "error").mockReturnValue());
afterEach(() => vi.restoreAllMocks());

const logOf = (org: string) => ({ org, log: 1, shard: "SHARD_0" });

async function rotate(org: string): Promise<KeyBody[]> {
  const answer = await requireStatus(200, call("POST", `/v1/orgs/${org}/audit/keys/rotate`));
  return ((await answer.json()) as { keys: KeyBody[] }).keys;
}

/** Ids of the keys that signed, in the note's order. */
function signersOf(note: string): string[] {
  return parseNote(note)!.signatures.map(({ id }) => encodeHex(id));
}

function idOf(key: KeyBody | undefined): string {
  return encodeHex(parseVkey(key?.vkey ?? "")!.id);
}

function isSignedBy(note: string, key: KeyBody | undefined): boolean {
  return verifyNote(parseNote(note)!, [parseVkey(key?.vkey ?? "")!]).kind === "verified";
}

describe("GET /audit/keys", () => {
  it("names the key before it has signed anything, the same one that then signs", async () => {
    const org = await makeOrg();
    const before = await keysOf(org);
    expect(before).toEqual([{ vkey: before[0]?.vkey, from_size: 0, to_size: null }]);
    expect(isSignedBy(await signHead(org), before[0])).toBe(true);
    expect(await keysOf(org)).toEqual(before);
  });

  it("gives each log a key of its own", async () => {
    const keys = [await keysOf(await makeOrg()), await keysOf(await makeOrg())];
    const raw = keys.map(([key]) => encodeHex(parseVkey(key?.vkey ?? "")!.publicKey));
    expect(raw[0]).not.toBe(raw[1]);
  });
});

describe("POST /audit/keys/rotate", () => {
  it("announces the next key in an entry under a checkpoint of both keys", async () => {
    const org = await makeOrg();
    await signHead(org);
    const [first, second, ...more] = await rotate(org);
    expect(more).toEqual([]);
    const { event, seq } = (await auditEntries(org))[0]!;
    expect(event).toMatchObject({ action: "ledger.key_rotated", details: { vkey: second?.vkey } });
    const note = await auditText(org, "/log/checkpoint");
    expect(parseCheckpoint(parseNote(note)!.text)?.size).toBe(seq + 1);
    expect(signersOf(note)).toEqual([idOf(first), idOf(second)]);
    expect([isSignedBy(note, first), isSignedBy(note, second)]).toEqual([true, true]);
    expect(first).toMatchObject({ from_size: 0, to_size: seq + 1 });
    expect(second).toMatchObject({ from_size: seq + 1, to_size: null });
  });

  it("leaves later checkpoints to the new key alone, and keeps the one of both", async () => {
    const org = await makeOrg();
    const [first, second] = await rotate(org);
    const crossing = await auditText(org, "/log/checkpoint");
    await appendEvents(org, [EVENT]);
    const note = await signHead(org);
    expect(signersOf(note)).toEqual([idOf(second)]);
    expect(await auditText(org, `/log/checkpoint?size=${first?.to_size}`)).toBe(crossing);
  });

  it("works on a log that was never signed", async () => {
    const org = await makeOrg();
    const [before] = await keysOf(org);
    const [first, second] = await rotate(org);
    expect(first?.vkey).toBe(before?.vkey);
    expect(second?.from_size).toBe(2);
  });

  it("twice in a row gives three keys, each range ending where the next begins", async () => {
    const org = await makeOrg();
    await rotate(org);
    const keys = await rotate(org);
    expect(keys.map(({ from_size, to_size }) => [from_size, to_size])).toEqual([
      [0, 2],
      [2, 3],
      [3, null],
    ]);
    expect(new Set(keys.map(({ vkey }) => vkey)).size).toBe(3);
    for (const [at, key] of keys.slice(0, 2).entries()) {
      const note = await auditText(org, `/log/checkpoint?size=${key.to_size}`);
      expect(signersOf(note)).toEqual([idOf(key), idOf(keys[at + 1])]);
    }
  });

  it("at once, many times, announces no key twice and crosses over from each to the next", async () => {
    const org = await makeOrg();
    const path = `/v1/orgs/${org}/audit/keys/rotate`;
    const answers = await Promise.all(Array.from({ length: 6 }, () => call("POST", path)));
    for (const { status } of answers) expect([200, 409, 503]).toContain(status);
    await signHead(org);
    const keys = await keysOf(org);
    expect(keys.length).toBeGreaterThan(1);
    const lines = (await exportedLines(org)).map(parseLine);
    const announced = lines
      .filter(({ action }) => action === "ledger.key_rotated")
      .map(({ details }) => (details as { vkey: string }).vkey);
    expect(announced).toEqual(keys.slice(1).map(({ vkey }) => vkey));
    for (const [at, key] of keys.slice(0, -1).entries()) {
      expect(keys[at + 1]?.from_size).toBe(key.to_size);
      const note = await auditText(org, `/log/checkpoint?size=${key.to_size}`);
      expect(signersOf(note)).toEqual([idOf(key), idOf(keys[at + 1])]);
    }
  });

  it("takes over at once though another signed the announcement before it was on record", async () => {
    const org = await makeOrg();
    await signHead(org);
    let raced = false;
    const env = envWithShard(async (sql, send) => {
      if (!raced && sql.includes("SET rotation_seq = ?4")) {
        raced = true;
        // The announcement is in the ledger; D1 does not say yet that a rotation is due.
        await signNow(workerEnv, logOf(org));
      }
      return send();
    });
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const path = `/v1/orgs/${org}/audit/keys/rotate`;
    const answer = await app.request(path, { method: "POST", headers }, env);
    expect([answer.status, raced]).toEqual([200, true]);
    const { keys } = (await answer.json()) as { keys: KeyBody[] };
    expect(keys).toHaveLength(2);
    const note = await auditText(org, `/log/checkpoint?size=${keys[0]?.to_size}`);
    expect(signersOf(note)).toEqual([idOf(keys[0]), idOf(keys[1])]);
    expect(await auditText(org, "/log/checkpoint")).toBe(note);
  });

  it("goes on, when it is asked for again, from wherever it died", async () => {
    for (const when of ["before", "after"] as const) {
      const org = await makeOrg();
      await signHead(org);
      const env = envWithShard(losing("SET rotation_seq = ?4", when));
      await refusalOf(() => announceKey(env, logOf(org), "operator:admin"));
      const keys = await rotate(org);
      expect(keys).toHaveLength(2);
      const rotations = await auditEntries(org, "?action=ledger.key_rotated");
      expect(rotations).toHaveLength(1);
    }
  });

  it("is the administrator's alone, and not for a frozen log", async () => {
    const org = await makeOrg();
    const path = `/v1/orgs/${org}/audit/keys/rotate`;
    const { token } = await createToken(org, ["org:admin", "audit:read", "audit:write"]);
    expect(await refusal(call("POST", path, { token }))).toEqual([403, "administrator_only"]);
    const frozen = "UPDATE audit_logs SET frozen_reason = 'because' WHERE org = ?1";
    await workerEnv.SHARD_0.prepare(frozen).bind(org).run();
    expect(await refusal(call("POST", path))).toEqual([409, "conflict"]);
    expect((await statusOf(org)).tree_size).toBe(2);
  });
});
