import {
  createExecutionContext,
  createScheduledController,
  waitOnExecutionContext,
} from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { runCron } from "#cron.ts";
import worker from "#index.ts";
import { getJson } from "./harness/answers.ts";
import { ingest, makeSample } from "./harness/calls.ts";
import { call, workerEnv } from "./harness/deployment.ts";
import { makeOrg } from "./harness/orgs.ts";
import { settleShardClock } from "./harness/shard-clock.ts";
import { countRows, makeArrivalsOld, sumOf } from "./harness/shard-org.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("cron", () => {
  it("folds what has waited, in every org", async () => {
    const orgs = [await makeOrg(), await makeOrg(), await makeOrg()];
    for (const org of orgs) {
      await ingest(org, [makeSample()]);
      await makeArrivalsOld(org);
    }
    await runCron(workerEnv, Date.now());
    for (const org of orgs) {
      expect(await countRows(org, "arrivals")).toBe(0);
      expect(await sumOf(org, "series", "ok")).toBe(1);
    }
  });

  it("changes nothing when a tick runs twice at once", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample(), makeSample()]);
    await makeArrivalsOld(org);
    await Promise.all([runCron(workerEnv, Date.now()), runCron(workerEnv, Date.now())]);
    await runCron(workerEnv, Date.now());
    expect(await sumOf(org, "series", "ok")).toBe(2);
    expect(await sumOf(org, "rollups_hourly", "ok")).toBe(2);
  });

  it("erases a deleted org, whose name stays taken", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample()]);
    expect((await call("DELETE", `/v1/orgs/${org}`)).status).toBe(202);
    await runCron(workerEnv, Date.now());
    expect(await countRows(org, "tool_invocations")).toBe(0);
    expect(await countRows(org, "arrivals")).toBe(0);
    expect((await call("GET", `/v1/orgs/${org}/metrics`)).status).toBe(404);
    const again = { body: { org, tier: "community" } };
    expect((await call("POST", "/v1/orgs", again)).status).toBe(409);
  });

  it("folds every other org when one cannot be folded, and fails the tick", async () => {
    const [broken, sound] = [await makeOrg(), await makeOrg()];
    for (const org of [broken, sound]) {
      await ingest(org, [makeSample()]);
      await makeArrivalsOld(org);
    }
    const spoil = "UPDATE arrivals SET payload = 'not JSON' WHERE org = ?1";
    await workerEnv.SHARD_0.prepare(spoil).bind(broken).run();
    await expect(runCron(workerEnv, Date.now())).rejects.toThrow("1 steps failed");
    expect(await sumOf(sound, "series", "ok")).toBe(1);
    await workerEnv.SHARD_0.prepare("DELETE FROM arrivals WHERE org = ?1").bind(broken).run();
  });

  it("deletes nothing for a time that is yet to come, whatever time a tick is handed", async () => {
    const org = await makeOrg({ retention: { samples_hours: 26 } });
    await ingest(org, [makeSample()]);
    const scheduledTime = new Date("2100-01-01T00:00:00Z");
    const controller = createScheduledController({ scheduledTime, cron: "* * * * *" });
    const ctx = createExecutionContext();
    await worker.scheduled(controller, workerEnv, ctx);
    await waitOnExecutionContext(ctx);
    expect(await countRows(org, "tool_invocations")).toBe(1);
    await ingest(org, [makeSample()]);
    expect(await countRows(org, "tool_invocations")).toBe(2);
  });

  it("prunes samples by each org's retention", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const org = await makeOrg({ retention: { samples_hours: 26 } });
    await ingest(org, [makeSample()]);
    const nowMs = Date.now();
    for (const [hours, left] of [
      [25, 1],
      [27, 0],
    ] as const) {
      vi.setSystemTime(nowMs + hours * 3_600_000);
      await settleShardClock();
      await runCron(workerEnv, Date.now());
      expect(await countRows(org, "tool_invocations")).toBe(left);
    }
    vi.setSystemTime(nowMs);
    const { rollups } = await getJson<{ rollups: unknown[] }>(`/v1/orgs/${org}/rollups`);
    expect(rollups).toHaveLength(1);
  });
});
