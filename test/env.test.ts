import { describe, expect, it } from "vitest";
import { type Env, settingsOf, shardDatabase, shardForNewOrg, shardNames } from "../src/env.ts";
import { FailureError } from "../src/errors.ts";
import { workerEnv } from "./http/api.ts";

function failureOf(env: Env) {
  try {
    settingsOf(env);
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
  }
  return null;
}

describe("Settings", () => {
  it("are read once per environment", () => {
    expect(settingsOf(workerEnv)).toBe(settingsOf(workerEnv));
    expect(settingsOf(workerEnv).ledgerSeeds.get(1)).toHaveLength(32);
  });

  it("take the tier community unless told otherwise, and no metrics token", () => {
    const { MCPG_METRICS_TOKEN, MCPG_DEFAULT_ORG_TIER, ...required } = workerEnv;
    const settings = settingsOf(required);
    expect([MCPG_METRICS_TOKEN, MCPG_DEFAULT_ORG_TIER]).not.toContain(undefined);
    expect(settings).toMatchObject({ defaultOrgTier: "community", metricsTokenDigest: null });
  });

  it.each([
    ["MCPG_ADMIN_TOKEN", undefined],
    ["MCPG_ADMIN_TOKEN", ""],
    ["MCPG_ADMIN_TOKEN", "hunter2"],
    ["MCPG_ADMIN_TOKEN", "hunter two three four"],
    ["MCPG_ADMIN_TOKEN", "mcpgst_hunter2hunter2"],
    ["MCPG_METRICS_TOKEN", "hunter2"],
    ["MCPG_METRICS_TOKEN", workerEnv.MCPG_ADMIN_TOKEN],
    ["MCPG_LEDGER_SEED", undefined],
    ["MCPG_LEDGER_SEED", "hunter2"],
    ["MCPG_PAYLOAD_KEK", `${"A".repeat(42)}==`],
    ["MCPG_DEFAULT_ORG_TIER", "gold"],
  ])("refuse %s = %j by name, without its value", (setting, value) => {
    const failure = failureOf({ ...workerEnv, [setting]: value } as Env);
    expect(failure).toMatchObject({ kind: "misconfigured", setting });
    if (value) expect(JSON.stringify(failure)).not.toContain(value);
  });
});

describe("Shards", () => {
  const other = {} as D1Database;
  const env = { ...workerEnv, SHARD_10: other, SHARD_2: other, SHARD_X: other } as Env;

  it("are the bindings SHARD_<n>, oldest first; a new org goes to the newest", () => {
    expect(shardNames(env)).toEqual(["SHARD_0", "SHARD_2", "SHARD_10"]);
    expect(shardForNewOrg(env)).toBe("SHARD_10");
    expect(shardDatabase(env, "SHARD_10")).toBe(other);
  });

  it.each(["SHARD_1", "SHARD_X", "DIRECTORY", "MCPG_ADMIN_TOKEN", "__proto__"])(
    "are nothing else: %s is refused",
    (name) => {
      expect(() => shardDatabase(env, name)).toThrow(FailureError);
    },
  );
});
