import { describe, expect, it, vi } from "vitest";
import { announceKey } from "#audit/signing/key-rotation.ts";
import { signNow } from "#audit/signing/sign-now.ts";
import { runCron } from "#cron.ts";
import { encodeHex } from "#formats/hex.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { problemOf, requireStatus } from "../harness/answers.ts";
import { call, workerEnv } from "../harness/deployment.ts";
import { inProcess } from "../harness/in-process.ts";
import { makeOrg } from "../harness/orgs.ts";
import { appendEvents, auditText, EVENT, keysOf, type LogStatusBody } from "./audit-client.ts";
import {
  ask,
  beginWithoutLogs,
  deployed,
  gaugeIn,
  loggedSettings,
  logOf,
  misconfiguredIn,
  OTHER_SEED,
  signedOrg,
} from "./changed-settings.ts";
import { runAlarms } from "./ledger/run-pruning.ts";
import { refusalOf, rowOf } from "./ledger/test-log.ts";

beginWithoutLogs();

describe("A second seed", () => {
  const second = () => deployed({ MCPG_LEDGER_SEED_2: OTHER_SEED });

  async function rotatedOrg(): Promise<string> {
    const org = await signedOrg();
    const env = second();
    await announceKey(env, logOf(org), "operator:admin");
    await signNow(env, logOf(org));
    return org;
  }

  it("takes over by a rotation, and the first stays needed for none but its own", async () => {
    const org = await rotatedOrg();
    await appendEvents(org, [EVENT]);
    expect(await refusalOf(() => signNow(workerEnv, logOf(org)))).toBe("misconfigured");
    await signNow(
      deployed({ MCPG_LEDGER_SEED: OTHER_SEED, MCPG_LEDGER_SEED_2: OTHER_SEED }),
      logOf(org),
    );
    const keys = await keysOf(org);
    const note = parseNote(await auditText(org, "/log/checkpoint"))!;
    const id = encodeHex(parseVkey(keys[1]!.vkey)!.id);
    expect(note.signatures.map((signature) => encodeHex(signature.id))).toEqual([id]);
    expect((await rowOf(logOf(org))).seedVersion).toBe(2);
  });

  it("signs new logs from their first checkpoint on, and what was not signed yet", async () => {
    await signedOrg();
    const [silent, shown] = [await makeOrg(), await makeOrg()];
    const before = await keysOf(shown);
    const env = second();
    for (const org of [await makeOrg(), silent]) {
      const { keys } = (await (await ask(env, `/v1/orgs/${org}/audit/keys`)).json()) as {
        keys: { vkey: string }[];
      };
      await signNow(env, logOf(org));
      expect(await rowOf(logOf(org))).toMatchObject({ seedVersion: 2, keyEpoch: 1 });
      expect((await rowOf(logOf(org))).keys[0]?.vkey).toBe(keys[0]?.vkey);
    }
    // Somebody may have pinned it.
    await signNow(env, logOf(shown));
    expect((await keysOf(shown))[0]?.vkey).toBe(before[0]?.vkey);
    expect((await rowOf(logOf(shown))).seedVersion).toBe(1);
  });

  it("lets the first one go once no log is signed by it any more, as status tells before", async () => {
    const [first, deleted] = [await signedOrg(), await signedOrg()];
    await call("DELETE", `/v1/orgs/${deleted}`);
    const env = second();
    const seedsIn = async (org: string) => {
      // An isolate remembers for a minute which seeds may go.
      vi.setSystemTime(Date.now() + 61_000);
      const { seed, removable_seeds } = (await (
        await ask(env, `/v1/orgs/${org}/audit/status`)
      ).json()) as LogStatusBody;
      return [seed, removable_seeds];
    };
    expect(await seedsIn(first)).toEqual(["MCPG_LEDGER_SEED", []]);
    await requireStatus(200, ask(env, `/v1/orgs/${first}/audit/keys/rotate`, "POST"));
    expect(await seedsIn(first)).toEqual(["MCPG_LEDGER_SEED_2", []]);
    const early = deployed({ MCPG_LEDGER_SEED: undefined, MCPG_LEDGER_SEED_2: OTHER_SEED });
    expect((await problemOf(ask(early, "/readyz"))).detail).toContain(
      "MCPG_LEDGER_SEED is not set",
    );
    // A deleted org's log is signed on until it has expired, and has its key rotated like any other.
    await requireStatus(200, ask(env, `/v1/orgs/${deleted}/audit/keys/rotate`, "POST"));
    expect(await seedsIn(deleted)).toEqual(["MCPG_LEDGER_SEED_2", ["MCPG_LEDGER_SEED"]]);
    const after = deployed({ MCPG_LEDGER_SEED: undefined, MCPG_LEDGER_SEED_2: OTHER_SEED });
    expect((await ask(after, "/readyz")).status).toBe(200);
    await appendEvents(first, [EVENT]);
    await signNow(after, logOf(first));
    const org = await makeOrg();
    await signNow(after, logOf(org));
    expect((await rowOf(logOf(org))).seedVersion).toBe(2);
  });

  it("that is gone while a log was signed with it is misconfigured, by name, everywhere", async () => {
    const org = await rotatedOrg();
    const env = deployed();
    expect((await problemOf(ask(env, "/readyz"))).detail).toContain(
      "MCPG_LEDGER_SEED_2 is not set",
    );
    expect(await misconfiguredIn(env, org)).toBe("MCPG_LEDGER_SEED_2");
    expect(await gaugeIn(env, org, "MCPG_LEDGER_SEED_2")).toBeDefined();
    await appendEvents(org, [EVENT]);
    await runAlarms(logOf(org));
    await expect(runCron(env, Date.now(), inProcess(env))).rejects.toThrow("1 steps failed");
    expect(loggedSettings()).toEqual(["MCPG_LEDGER_SEED_2"]);
    expect((await ask(second(), "/readyz")).status).toBe(200);
  });

  it("that is gone and that no log needs any more is not missed", async () => {
    const org = await rotatedOrg();
    await workerEnv.SHARD_0.prepare("DELETE FROM audit_logs WHERE org = ?1").bind(org).run();
    expect((await ask(deployed(), "/readyz")).status).toBe(200);
  });

  it("may be set before anything is signed with it, and is another's no more once it is kept", async () => {
    await signedOrg();
    const third = () => deployed({ MCPG_LEDGER_SEED_2: workerEnv.MCPG_LEDGER_SEED });
    expect((await ask(third(), "/readyz")).status).toBe(200);
    await rotatedOrg();
    expect((await problemOf(ask(third(), "/readyz"))).detail).toContain("MCPG_LEDGER_SEED_2");
  });
});
