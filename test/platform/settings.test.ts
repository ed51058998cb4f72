import { describe, expect, it } from "vitest";
import { logBytesMax } from "#audit/log-room.ts";
import { deploymentTokens } from "#orgs/deployment-tokens.ts";
import { defaultOrgTier, shardForNewOrg } from "#orgs/placement.ts";
import type { Env } from "#platform/env.ts";
import { checkSettings } from "#platform/settings.ts";
import { shardBytesMax, shardDatabase, shardNames } from "#platform/shards.ts";
import { deploymentStreams } from "#streams/deployment-streams.ts";
import { ledgerSeeds } from "#vault/root-keys.ts";
import "#app.ts";
import { FailureError } from "#platform/errors.ts";
import { workerEnv } from "../harness/deployment.ts";

function failureOf(env: Env) {
  try {
    checkSettings(env);
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
  }
  return null;
}

describe("Settings", () => {
  it("are read once per environment", () => {
    expect(deploymentTokens(workerEnv)).toBe(deploymentTokens(workerEnv));
    expect(ledgerSeeds(workerEnv)).toBe(ledgerSeeds(workerEnv));
    expect(ledgerSeeds(workerEnv).get(1)).toHaveLength(32);
  });

  it("take the tier community unless told otherwise, and no metrics token", () => {
    const { MCPG_METRICS_TOKEN, MCPG_DEFAULT_ORG_TIER, ...required } = workerEnv;
    expect([MCPG_METRICS_TOKEN, MCPG_DEFAULT_ORG_TIER]).not.toContain(undefined);
    expect(defaultOrgTier(required)).toBe("community");
    expect(deploymentTokens(required)).toMatchObject({ metricsDigest: null });
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
    ["MCPG_LOCAL", "perhaps"],
    ["MCPG_COMMIT", "HEAD"],
    ["MCPG_SHARD_BYTES_MAX", "10 GB"],
    ["MCPG_SHARD_BYTES_MAX", "199999"],
    ["MCPG_SHARD_BYTES_MAX", "-1"],
    ["MCPG_LOG_BYTES_MAX", "10 GB"],
    ["MCPG_LOG_BYTES_MAX", "127999999"],
  ])("refuse %s = %j by name, without its value", (setting, value) => {
    const failure = failureOf({ ...workerEnv, [setting]: value } as Env);
    expect(failure).toMatchObject({ kind: "misconfigured", setting });
    if (value) expect(JSON.stringify(failure)).not.toContain(value);
  });
});

describe("The deployment's name", () => {
  const { MCPG_LOCAL, ...deployed } = workerEnv;

  it.each([undefined, "", "mcpg.local"])("is no deployment's own if it is %j", (origin) => {
    const env = { ...deployed, MCPG_ORIGIN: origin } as Env;
    expect(failureOf(env)).toMatchObject({ kind: "misconfigured", setting: "MCPG_ORIGIN" });
    expect(failureOf({ ...env, MCPG_LOCAL: "false" })).not.toBeNull();
    expect(failureOf({ ...env, MCPG_LOCAL: "true" })).toBeNull();
  });

  it("is taken where it is another", () => {
    expect(MCPG_LOCAL).toBe("true");
    expect(failureOf({ ...deployed, MCPG_ORIGIN: "mcpg.example.com" })).toBeNull();
  });
});

describe("The deployment's streams", () => {
  const endpoint = "https://otel.example.com";
  const otlp = (headers: unknown, more = {}) => ({
    traces: { otlp: { endpoint, headers, ...more } },
  });
  const secret = (name: string) => `\${${name}}`;
  const bearer = `Bearer ${secret("OTEL_TOKEN")}`;
  const SECRETS = { OTEL_TOKEN: "s3cr3t", OTHER: "0th3r", EMPTY: "", LINES: "a\r\nb: c" };
  const settings = (OBSERVABILITY: unknown, more = {}) =>
    ({ ...workerEnv, ...SECRETS, ...more, OBSERVABILITY }) as Env;

  it("are read once, as an object or as its JSON, with the secrets that their headers name", () => {
    for (const value of [
      otlp({ Authorization: bearer }),
      JSON.stringify(otlp({ authorization: bearer })),
    ]) {
      expect(deploymentStreams(settings(value))).toEqual({
        metrics: { enabled: true, otlp: null },
        traces: {
          enabled: true,
          otlp: { endpoint, headers: { authorization: "Bearer s3cr3t" }, sampleRate: 1 },
        },
        audit: { enabled: true, forward: null },
      });
    }
    const named = { MCPG_HEADER_SECRETS: "OTHER, OTEL_TOKEN" };
    const streams = deploymentStreams(
      settings(otlp({ "x-a": `${secret("OTHER")}-${secret("OTEL_TOKEN")}` }), named),
    );
    expect(streams.traces.otlp?.headers).toEqual({ "x-a": "0th3r-s3cr3t" });
  });

  it.each([
    ["not JSON", "{", {}, "OBSERVABILITY"],
    ["an unknown stream", { logs: {} }, {}, "OBSERVABILITY"],
    ["port 4317", { traces: { otlp: { endpoint: `${endpoint}:4317` } } }, {}, "OBSERVABILITY"],
    ["a rate over 1", otlp({}, { sample_rate: 2 }), {}, "OBSERVABILITY"],
    ["a header without a value", otlp({ authorization: null }), {}, "OBSERVABILITY"],
    ["a hop-by-hop header", otlp({ connection: "close" }), {}, "OBSERVABILITY"],
    ["a secret that is not named", otlp({ a: secret("OTHER") }), {}, "OBSERVABILITY"],
    ["a secret of ours", otlp({ a: secret("MCPG_ADMIN_TOKEN") }), {}, "OBSERVABILITY"],
    ["an inherited name", otlp({ a: secret("constructor") }), {}, "OBSERVABILITY"],
    [
      "a secret of ours, named",
      {},
      { MCPG_HEADER_SECRETS: "MCPG_PAYLOAD_KEK" },
      "MCPG_HEADER_SECRETS",
    ],
    ["an empty secret", otlp({ a: secret("EMPTY") }), { MCPG_HEADER_SECRETS: "EMPTY" }, "EMPTY"],
    [
      "a secret that is not set",
      otlp({ a: secret("NONE") }),
      { MCPG_HEADER_SECRETS: "NONE" },
      "NONE",
    ],
    [
      "a secret of two lines",
      otlp({ a: secret("LINES") }),
      { MCPG_HEADER_SECRETS: "LINES" },
      "OBSERVABILITY",
    ],
    ["a flag that is none", {}, { MCPG_ALLOW_LOOPBACK: "yes" }, "MCPG_ALLOW_LOOPBACK"],
  ])("are refused by name, without a value, for %s", (_, value, more, setting) => {
    const failure = failureOf(settings(value, more));
    expect(failure).toMatchObject({ kind: "misconfigured", setting });
    expect(JSON.stringify(failure)).not.toMatch(/s3cr3t|0th3r|b: c/);
  });
});

describe("The bytes of an audit log", () => {
  it.each([
    [undefined, 10_000_000_000],
    ["", 10_000_000_000],
    [128_000_000, 128_000_000],
  ])("%j are a limit of %i", (MCPG_LOG_BYTES_MAX, bytes) => {
    expect(logBytesMax({ ...workerEnv, MCPG_LOG_BYTES_MAX } as Env)).toBe(bytes);
  });
});

describe("The bytes of a shard", () => {
  it.each([
    [undefined, 10_000_000_000],
    ["", 10_000_000_000],
    ["500000000", 500_000_000],
    [500_000_000, 500_000_000],
  ])("%j are a limit of %i", (MCPG_SHARD_BYTES_MAX, bytes) => {
    expect(shardBytesMax({ ...workerEnv, MCPG_SHARD_BYTES_MAX } as Env)).toBe(bytes);
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
