import { describe, expect, it } from "vitest";
import { effectiveLimits, LIMIT_BOUNDS } from "#orgs/limits.ts";
import { isOrgName } from "#orgs/org.ts";
import { effectiveOrg, newSettings, patchSettings } from "#orgs/org-settings.ts";
import { actorOf, holdsScope, type Principal, reachesOrg, SCOPES } from "#orgs/principal.ts";
import { DEFAULT_REDACTION } from "#orgs/redaction-settings.ts";
import { effectiveRetention, RETENTION_KEYS } from "#orgs/retention.ts";
import { TIERS } from "#orgs/tier.ts";
import { type Bucket, refilled, secondsToToken, without } from "#orgs/token-bucket.ts";

describe("An org's name", () => {
  it("is 1 to 63 of a-z, 0-9 and hyphens, and begins with no hyphen", () => {
    for (const name of ["a", "0", "acme", "a-b-", "a".repeat(63)])
      expect(isOrgName(name)).toBe(true);
    for (const name of ["", "-a", "A", "a_b", "a.b", "a ", "a\n", "ä", "a".repeat(64)]) {
      expect(isOrgName(name)).toBe(false);
    }
  });
});

describe("Retention", () => {
  it("follows the tier", () => {
    const audit = TIERS.map((tier) => effectiveRetention(tier, {}).auditDays);
    const samples = TIERS.map((tier) => effectiveRetention(tier, {}).samplesHours);
    expect(audit).toEqual([30, 90, 180, 2_555]);
    expect(samples).toEqual([48, 168, 336, 720]);
  });

  it("of samples is never under 26 h, whatever is stored", () => {
    for (const samplesHours of [-1, 0, 1, 25.9, 26]) {
      expect(effectiveRetention("pro", { samplesHours }).samplesHours).toBe(26);
    }
  });

  it("of audit entries is the tier's or longer, whatever is stored", () => {
    const days = (auditDays: number) => effectiveRetention("team", { auditDays }).auditDays;
    expect([0, 30, 179, 180, 181, 9_999].map(days)).toEqual([180, 180, 180, 180, 181, 3_650]);
  });

  it("outlasts, of rollups, the windows that quantiles read", () => {
    const none = Object.fromEntries(RETENTION_KEYS.map((key) => [key, 0]));
    const { rollupsHourlyDays, rollupsDailyDays } = effectiveRetention("pro", none);
    expect([rollupsHourlyDays, rollupsDailyDays]).toEqual([2, 2]);
  });
});

describe("Limits", () => {
  it("are finite in every tier, grow with it, and are what may be set", () => {
    const limits = TIERS.map((tier) => effectiveLimits(tier, {}));
    for (const [key, { min, max }] of Object.entries(LIMIT_BOUNDS)) {
      const values = limits.map((one) => one[key as keyof typeof LIMIT_BOUNDS]);
      expect(values.every((value) => value >= min && value <= max)).toBe(true);
      expect(values).toEqual(values.toSorted((a, b) => a - b));
    }
  });
});

describe("Settings", () => {
  const before = newSettings("pro");
  const identity = {
    org: "acme",
    shard: "SHARD_0",
    generation: 1,
    state: "active" as const,
    auditLog: 1,
    redaction: DEFAULT_REDACTION,
    createdAtMs: 0,
    updatedAtMs: 0,
  };

  it("keep differences only, so that a default can change for who never chose", () => {
    const after = patchSettings(before, { limits: { seriesMax: 5 } });
    expect(after).toEqual({ ...before, limits: { seriesMax: 5 } });
    expect(patchSettings(after, { limits: { seriesMax: null } })).toEqual(before);
    expect(effectiveOrg(identity, after).limits).toEqual({
      ...effectiveLimits("pro", {}),
      seriesMax: 5,
    });
  });

  it("take, on a change of tier, what the same patch sets", () => {
    const after = patchSettings(
      { ...before, retention: { samplesHours: 100, auditDays: 80 } },
      { tier: "community", retention: { auditDays: 60 } },
    );
    expect(after.retention).toEqual({ auditDays: 60 });
  });
});

describe("A principal", () => {
  const token: Principal = {
    kind: "service-token",
    id: "0123456789abcdef",
    org: "acme",
    scopes: ["audit:read"],
    actor: null,
  };

  it("holds the scopes of its kind, and the administrator all but payloads:read", () => {
    const held = (principal: Principal) => SCOPES.filter((scope) => holdsScope(principal, scope));
    expect(held({ kind: "administrator" })).toEqual(SCOPES.filter((s) => s !== "payloads:read"));
    expect(held({ kind: "metrics-reader" })).toEqual(["metrics:read"]);
    expect(held(token)).toEqual(["audit:read"]);
  });

  it("with a service token reaches its own org only", () => {
    expect([reachesOrg(token, "acme"), reachesOrg(token, "acme2")]).toEqual([true, false]);
    expect(reachesOrg({ kind: "metrics-reader" }, "acme2")).toBe(true);
  });

  it("is recorded under its token's actor, else its id", () => {
    expect(actorOf(token)).toBe("service:0123456789abcdef");
    expect(actorOf({ ...token, actor: "service:prometheus" })).toBe("service:prometheus");
    expect(actorOf({ kind: "administrator" })).toBe("operator:admin");
  });
});

describe("A token bucket", () => {
  it("lets a minute's worth through at once, then one whenever the rate earns it", () => {
    let bucket: Bucket | undefined;
    for (let i = 0; i < 60; i++) {
      bucket = refilled(bucket, 60, 0);
      expect(secondsToToken(bucket, 60)).toBe(0);
      bucket = without(bucket, 1);
    }
    const wait = (perMinute: number, nowMs: number) =>
      secondsToToken(refilled(bucket, perMinute, nowMs), perMinute);
    expect([wait(60, 0), wait(60, 999), wait(60, 1_000)]).toEqual([1, 1, 0]);
    expect([wait(60, -5_000), wait(1, 1_000)]).toEqual([1, 59]);
  });

  it("that was overdrawn gives nothing until the debt is earned", () => {
    const bucket = without(refilled(undefined, 600, 0), 1_600);
    const wait = (nowMs: number) => secondsToToken(refilled(bucket, 600, nowMs), 600);
    expect([wait(0), wait(60_000), wait(100_100)]).toEqual([101, 41, 0]);
  });
});
