import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { app } from "#app.ts";
import { Ledger } from "#audit/ledger/ledger.ts";
import { announceKey } from "#audit/signing/key-rotation.ts";
import { signNow } from "#audit/signing/sign-now.ts";
import { runCron } from "#cron.ts";
import { encodeHex } from "#formats/hex.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import type { Env } from "#platform/env.ts";
import { problemOf } from "../harness/answers.ts";
import { ADMIN_TOKEN, workerEnv } from "../harness/deployment.ts";
import { inProcess } from "../harness/in-process.ts";
import { makeOrg } from "../harness/orgs.ts";
import { appendEvents, auditText, EVENT, keysOf, signHead, statusOf } from "./audit-client.ts";
import { runAlarms } from "./ledger/run-pruning.ts";
import { refusalOf, rowOf } from "./ledger/test-log.ts";

/** 32 bytes of 0x01: another secret than the tests' own. */
const OTHER_SEED = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/** A deployment of its own environment, which no isolate remembers anything of. */
const deployed = (more: Record<string, unknown> = {}) => ({ ...workerEnv, ...more }) as Env;
const wrongSeed = () => deployed({ MCPG_LEDGER_SEED: OTHER_SEED });

const logOf = (org: string) => ({ org, log: 1, shard: "SHARD_0" });

function ask(env: Env, path: string, method = "GET"): Promise<Response> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  return Promise.resolve(app.request(`https://mcpg.test${path}`, { method, headers }, env));
}

async function misconfiguredIn(env: Env, org: string): Promise<string | null> {
  const answer = await ask(env, `/v1/orgs/${org}/audit/status`);
  return ((await answer.json()) as { misconfigured: string | null }).misconfigured;
}

async function gaugeIn(env: Env, org: string, setting: string): Promise<string | undefined> {
  const page = await (await ask(env, `/v1/orgs/${org}/metrics`)).text();
  return page
    .split("\n")
    .find((line) => line === `mcpg_audit_misconfigured{org="${org}",setting="${setting}"} 1`);
}

/** Names of settings that were logged. */
function loggedSettings(): string[] {
  const lines = logged.mock.calls.map(([line]) => JSON.parse(String(line)));
  return lines.flatMap(({ errors }) => errors.flatMap(({ setting = [] }) => setting));
}

async function forgetSeeds(): Promise<void> {
  await workerEnv.DIRECTORY.prepare("DELETE FROM ledger_seeds").run();
}

let logged: MockInstance<typeof console.error>;

// Alarms go by another clock; what fails on purpose is logged.
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  logged = vi.spyOn(console, "error").mockReturnValue();
  await forgetSeeds();
  await workerEnv.SHARD_0.prepare("DELETE FROM audit_logs").run();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function signedOrg(): Promise<string> {
  const org = await makeOrg();
  await signHead(org);
  return org;
}

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
    expect(logged).toHaveBeenCalledTimes(1);
    expect(JSON.stringify(logged.mock.calls)).not.toContain(OTHER_SEED);
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
      Uint8Array.from(atob(workerEnv.MCPG_LEDGER_SEED), (c) => c.charCodeAt(0)),
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

describe("A log whose own key is another's", () => {
  it("tells the seed's name, though the directory keeps that very seed", async () => {
    const org = await signedOrg();
    const vkey = `UPDATE audit_logs SET keys = replace(keys, '"vkey":"mcpg.local', '"vkey":"other.local')`;
    await workerEnv.SHARD_0.prepare(vkey).run();
    await appendEvents(org, [EVENT]);
    expect((await statusOf(org)).misconfigured).toBe("MCPG_LEDGER_SEED");
    expect(await refusalOf(() => signNow(deployed(), logOf(org)))).toBe("misconfigured");
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
      expect(JSON.stringify(logged.mock.calls)).not.toContain(MCPG_LEDGER_SEED);
    },
  );
});
