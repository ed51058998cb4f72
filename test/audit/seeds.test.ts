import { describe, expect, it, vi } from "vitest";
import { Ledger } from "#audit/ledger/ledger.ts";
import { announceKey } from "#audit/signing/key-rotation.ts";
import { signNow } from "#audit/signing/sign-now.ts";
import { runCron } from "#cron.ts";
import { encodeHex } from "#formats/hex.ts";
import { problemOf } from "../harness/answers.ts";
import { workerEnv } from "../harness/deployment.ts";
import { inProcess } from "../harness/in-process.ts";
import { makeOrg } from "../harness/orgs.ts";
import { appendEvents, EVENT, keysOf, signHead, statusOf } from "./audit-client.ts";
import {
  ask,
  beginWithoutLogs,
  deployed,
  forgetSeeds,
  gaugeIn,
  loggedLines,
  loggedSettings,
  logOf,
  logText,
  misconfiguredIn,
  OTHER_SEED,
  signedOrg,
  wrongSeed,
} from "./changed-settings.ts";
import { runAlarms } from "./ledger/run-pruning.ts";
import { refusalOf, rowOf } from "./ledger/test-log.ts";

beginWithoutLogs();

describe("A wrong seed", () => {
  it("is misconfigured, by name and never by value, in /readyz, status and the gauge", async () => {
    const org = await signedOrg();
    const env = wrongSeed();
    const answer = await ask(env, "/readyz");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "60"]);
    const problem = await problemOf(answer);
    expect(problem).toMatchObject({ code: "misconfigured" });
    expect(problem.detail).toContain("MCPG_LEDGER_SEED is not the one");
    expect(JSON.stringify(problem)).not.toContain(OTHER_SEED);
    expect(await misconfiguredIn(env, org)).toBe("MCPG_LEDGER_SEED");
    expect(await gaugeIn(env, org, "MCPG_LEDGER_SEED")).toBeDefined();
  });

  it("is logged by name once a tick, whatever the number of logs that wait", async () => {
    const orgs = [await signedOrg(), await signedOrg(), await signedOrg()];
    for (const org of orgs) {
      await appendEvents(org, [EVENT]);
      await runAlarms(logOf(org));
    }
    const env = wrongSeed();
    await expect(runCron(env, Date.now(), inProcess(env))).rejects.toThrow("1 steps failed");
    expect(loggedSettings()).toEqual(["MCPG_LEDGER_SEED"]);
    expect(loggedLines()).toBe(1);
    expect(logText()).not.toContain(OTHER_SEED);
  });

  it("signs nothing, freezes nothing, stops no append, and is no loss once the right one is back", async () => {
    const org = await signedOrg();
    await appendEvents(org, [EVENT]);
    expect(await refusalOf(() => signNow(wrongSeed(), logOf(org)))).toBe("misconfigured");
    await appendEvents(org, [EVENT]);
    expect(await statusOf(org)).toMatchObject({ frozen: false, unsigned_entries: 2 });
    expect(await rowOf(logOf(org))).toMatchObject({ signedSize: 1, frozenReason: null });
    await runAlarms(logOf(org));
    vi.setSystemTime(Date.now() + 60_000);
    await runCron(workerEnv, Date.now());
    expect(await statusOf(org)).toMatchObject({ unsigned_entries: 0, misconfigured: null });
  });

  it("signs no new log either, whose key nobody knows yet, and shows none", async () => {
    await signedOrg();
    const org = await makeOrg();
    await runAlarms(logOf(org));
    const published = vi.spyOn(Ledger.prototype, "publish");
    const env = wrongSeed();
    await expect(runCron(env, Date.now(), inProcess(env))).rejects.toThrow("1 steps failed");
    const checkpoint = await ask(env, `/v1/orgs/${org}/audit/checkpoint`, "POST");
    expect([checkpoint.status, await problemOf(checkpoint)]).toMatchObject([
      503,
      { code: "misconfigured" },
    ]);
    expect((await ask(env, `/v1/orgs/${org}/audit/keys`)).status).toBe(503);
    expect(published).not.toHaveBeenCalled();
    expect(await rowOf(logOf(org))).toMatchObject({ signedSize: 0, checkpoint: null, keys: [] });
  });

  it("announces no key", async () => {
    const org = await signedOrg();
    const refusal = await refusalOf(() => announceKey(wrongSeed(), logOf(org), "operator:admin"));
    expect(refusal).toBe("misconfigured");
    expect((await statusOf(org)).tree_size).toBe(1);
  });

  it("is known by what logs were signed with, where no seed was kept yet", async () => {
    const org = await signedOrg();
    await forgetSeeds();
    const env = wrongSeed();
    expect((await ask(env, "/readyz")).status).toBe(503);
    await appendEvents(org, [EVENT]);
    const other = logOf(await makeOrg());
    expect(await refusalOf(() => signNow(env, other))).toBe("misconfigured");
    await signNow(workerEnv, logOf(org));
    expect((await ask(deployed(), "/readyz")).status).toBe(200);
  });
});

describe("One log that was signed under another seed before any seed was kept", () => {
  const toSeed = (org: string, version: number) =>
    workerEnv.SHARD_0.prepare("UPDATE audit_logs SET seed_version = ?2 WHERE org = ?1")
      .bind(org, version)
      .run();

  /** The odd log is out of sight while the right ones are signed; at the end nothing is kept of either seed. */
  async function deploymentWithOneOdd({ isOddFirst = true, right = 2, entries = 1 } = {}) {
    const orgs: string[] = [];
    for (let made = 0; made <= right; made += 1) orgs.push(await makeOrg());
    const odd = isOddFirst ? orgs.shift()! : orgs.pop()!;
    await signNow(wrongSeed(), logOf(odd));
    await toSeed(odd, 99);
    await forgetSeeds();
    for (const org of orgs) {
      for (let more = 1; more < entries; more += 1) await appendEvents(org, [EVENT]);
      await signNow(deployed(), logOf(org));
    }
    await toSeed(odd, 1);
    await forgetSeeds();
    return { odd, right: orgs };
  }

  it.each([true, false])(
    "keeps no other log and no new one from being signed, and is told by name (the odd one first: %s)",
    async (isOddFirst) => {
      const { odd, right } = await deploymentWithOneOdd({ isOddFirst });
      const env = deployed();
      expect((await ask(env, "/readyz")).status).toBe(200);
      expect((await ask(wrongSeed(), "/readyz")).status).toBe(503);
      for (const org of [...right, odd]) await appendEvents(org, [EVENT]);
      await signNow(env, logOf(await makeOrg()));
      for (const org of right) await signNow(env, logOf(org));
      expect(await refusalOf(() => signNow(env, logOf(odd)))).toBe("misconfigured");
      expect(logText()).toContain(`${odd}/1`);
      for (const org of right) expect(logText()).not.toContain(`${org}/1`);
      expect(await misconfiguredIn(env, odd)).toBe("MCPG_LEDGER_SEED");
      expect(await gaugeIn(env, odd, "MCPG_LEDGER_SEED")).toBeDefined();
      expect(await misconfiguredIn(env, right[0]!)).toBeNull();
      expect(await gaugeIn(env, right[0]!, "MCPG_LEDGER_SEED")).toBeUndefined();
      expect((await ask(deployed(), "/readyz")).status).toBe(200);
      expect((await ask(wrongSeed(), "/readyz")).status).toBe(503);
    },
  );

  it("does not outweigh a log with more entries, where there is just one of each", async () => {
    const { right } = await deploymentWithOneOdd({ right: 1, entries: 3 });
    expect((await ask(wrongSeed(), "/readyz")).status).toBe(503);
    await appendEvents(right[0]!, [EVENT]);
    await signNow(deployed(), logOf(right[0]!));
    expect((await ask(deployed(), "/readyz")).status).toBe(200);
  });
});

describe("The seed of a first start", () => {
  it("is ready before it is used, and kept from its first use on", async () => {
    expect((await ask(deployed(), "/readyz")).status).toBe(200);
    expect((await ask(wrongSeed(), "/readyz")).status).toBe(200);
    await signHead(await makeOrg());
    expect((await ask(deployed(), "/readyz")).status).toBe(200);
    expect((await ask(wrongSeed(), "/readyz")).status).toBe(503);
  });

  it("is kept as soon as a key of it is shown, which somebody may pin", async () => {
    await keysOf(await makeOrg());
    expect((await ask(wrongSeed(), "/readyz")).status).toBe(503);
  });

  it("is one, though two deployments with two seeds sign their first logs at once", async () => {
    const orgs = await Promise.all(Array.from({ length: 6 }, () => makeOrg()));
    const envs = [workerEnv, wrongSeed()];
    const signed = await Promise.allSettled(
      orgs.map((org, at) => signNow(envs[at % 2]!, logOf(org))),
    );
    const won = signed[0]?.status === "fulfilled" ? 0 : 1;
    expect(signed.map(({ status }) => status === "fulfilled")).toEqual(
      orgs.map((_, at) => at % 2 === won),
    );
  });

  it("tells nothing of itself by what is kept", async () => {
    await signHead(await makeOrg());
    const { results } = await workerEnv.DIRECTORY.prepare("SELECT * FROM ledger_seeds").all();
    const seed = encodeHex(
      Uint8Array.from(atob(workerEnv.MCPG_LEDGER_SEED!), (c) => c.charCodeAt(0)),
    );
    expect(results).toEqual([
      {
        version: 1,
        check_value: expect.stringMatching(/^[0-9a-f]{64}$/),
        kept_at_ms: expect.any(Number),
      },
    ]);
    expect(JSON.stringify(results)).not.toContain(seed);
    const change = "UPDATE ledger_seeds SET check_value = 'x'";
    await expect(workerEnv.DIRECTORY.prepare(change).run()).rejects.toThrow("must stay");
  });
});

describe("A setting that is no seed at all", () => {
  it.each(["too short", "A".repeat(44), btoa("x".repeat(31)), btoa("x".repeat(33))])(
    "%s is told by name by /readyz, and logged by name by the tick",
    async (MCPG_LEDGER_SEED) => {
      const env = deployed({ MCPG_LEDGER_SEED });
      const answer = await ask(env, "/readyz");
      expect(answer.status).toBe(503);
      expect((await problemOf(answer)).detail).toBe(
        "The deployment's MCPG_LEDGER_SEED must be 32 bytes in base64.",
      );
      await expect(runCron(env, Date.now(), inProcess(env))).rejects.toThrow("misconfigured");
      expect(loggedSettings()).toEqual(["MCPG_LEDGER_SEED"]);
      expect(logText()).not.toContain(MCPG_LEDGER_SEED);
    },
  );
});
