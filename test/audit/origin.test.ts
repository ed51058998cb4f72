import { describe, expect, it, vi } from "vitest";
import { Ledger } from "#audit/ledger/ledger.ts";
import { signNow } from "#audit/signing/sign-now.ts";
import { runCron } from "#cron.ts";
import { formatVkey, parseVkey, verifierKey } from "#formats/tlog/note-key.ts";
import { problemOf } from "../harness/answers.ts";
import { workerEnv } from "../harness/deployment.ts";
import { inProcess } from "../harness/in-process.ts";
import { makeOrg } from "../harness/orgs.ts";
import { appendEvents, EVENT, statusOf } from "./audit-client.ts";
import {
  ask,
  beginWithoutLogs,
  deployed,
  forgetLogged,
  gaugeIn,
  loggedSettings,
  logOf,
  misconfiguredIn,
  signedOrg,
} from "./changed-settings.ts";
import { runAlarms } from "./ledger/run-pruning.ts";
import { refusalOf, rowOf } from "./ledger/test-log.ts";

beginWithoutLogs();

describe("A log whose own key is another's", () => {
  it("tells the seed's name, though the directory keeps that very seed", async () => {
    const org = await signedOrg();
    await workerEnv.SHARD_0.prepare("UPDATE audit_logs SET key_epoch = 7").run();
    await appendEvents(org, [EVENT]);
    expect((await statusOf(org)).misconfigured).toBe("MCPG_LEDGER_SEED");
    expect(await refusalOf(() => signNow(deployed(), logOf(org)))).toBe("misconfigured");
  });
});

const HEAD = {
  kind: "head" as const,
  size: 1,
  root: new Uint8Array(32),
  consistency: [],
  oldestAt: null,
  hasMore: false,
};

describe("A changed MCPG_ORIGIN", () => {
  const renamed = () => deployed({ MCPG_ORIGIN: "other.example" });

  it("is misconfigured by its own name in /readyz, status and the gauge, and the seed is not", async () => {
    const org = await signedOrg();
    const env = renamed();
    const problem = await problemOf(ask(env, "/readyz"));
    expect(problem).toMatchObject({ status: 503, code: "misconfigured" });
    expect(problem.detail).toBe(
      "The deployment's MCPG_ORIGIN is not the host name that logs were signed under.",
    );
    expect(await misconfiguredIn(env, org)).toBe("MCPG_ORIGIN");
    expect(await gaugeIn(env, org, "MCPG_ORIGIN")).toBeDefined();
    expect(await gaugeIn(env, org, "MCPG_LEDGER_SEED")).toBeUndefined();
    expect(await gaugeIn(deployed(), org, "MCPG_ORIGIN")).toBeUndefined();
  });

  it("signs no log and begins none, is logged once a tick, and is no loss once it is put back", async () => {
    const orgs = [await signedOrg(), await signedOrg(), await signedOrg()];
    const fresh = await makeOrg();
    for (const org of orgs) await appendEvents(org, [EVENT]);
    const env = renamed();
    expect(await refusalOf(() => signNow(env, logOf(orgs[0]!)))).toBe("misconfigured");
    expect(await refusalOf(() => signNow(env, logOf(fresh)))).toBe("misconfigured");
    // A ledger that was begun under the new name too shows its head.
    const begun = vi.spyOn(Ledger.prototype, "headSince").mockReturnValue(HEAD);
    expect(await refusalOf(() => signNow(env, logOf(fresh)))).toBe("misconfigured");
    expect((await rowOf(logOf(fresh))).checkpoint).toBeNull();
    begun.mockRestore();
    expect((await ask(env, `/v1/orgs/${fresh}/audit/keys`)).status).toBe(503);
    for (const org of [...orgs, fresh]) await runAlarms(logOf(org));
    forgetLogged();
    vi.setSystemTime(Date.now() + 120_000);
    await expect(runCron(env, Date.now(), inProcess(env))).rejects.toThrow("1 steps failed");
    expect([...new Set(loggedSettings())]).toEqual(["MCPG_ORIGIN"]);
    vi.setSystemTime(Date.now() + 120_000);
    await runCron(workerEnv, Date.now());
    for (const org of [...orgs, fresh]) {
      expect(await statusOf(org)).toMatchObject({ unsigned_entries: 0, misconfigured: null });
    }
  });

  it("is one log's own matter where only that log was signed under another name", async () => {
    const odd = await signedOrg();
    const others = [await signedOrg(), await signedOrg()];
    const { keys } = await rowOf(logOf(odd));
    const named = parseVkey(keys[0]!.vkey)!;
    const vkey = formatVkey(
      verifierKey(named.name.replace("mcpg.local", "odd.example"), named.publicKey),
    );
    await workerEnv.SHARD_0.prepare("UPDATE audit_logs SET keys = ?2 WHERE org = ?1")
      .bind(odd, JSON.stringify([{ ...keys[0]!, vkey }]))
      .run();
    const env = deployed();
    expect((await ask(env, "/readyz")).status).toBe(200);
    await appendEvents(odd, [EVENT]);
    expect(await misconfiguredIn(env, odd)).toBe("MCPG_ORIGIN");
    expect(await misconfiguredIn(env, others[0]!)).toBeNull();
    expect(await refusalOf(() => signNow(env, logOf(odd)))).toBe("misconfigured");
    expect(loggedSettings()).toEqual(["MCPG_ORIGIN"]);
  });
});
