import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runCron } from "#cron.ts";
import { deliveryJob } from "#delivery/delivery-job.ts";
import { claimDelivery, findDueAudit, findDueMetrics } from "#delivery/store/stream-deliveries.ts";
import type { StreamTarget } from "#delivery/store/stream-targets.ts";
import { QueryCount } from "#platform/d1/query-count.ts";
import type { Env } from "#platform/env.ts";
import { appendEvents, EVENT, exportedLines } from "../audit/audit-client.ts";
import { runAlarms } from "../audit/ledger/run-pruning.ts";
import { requireStatus } from "../harness/answers.ts";
import { insertOrgs } from "../harness/bulk-orgs.ts";
import { call, workerEnv } from "../harness/deployment.ts";
import { inProcess, runOnce } from "../harness/in-process.ts";
import { makeOrg } from "../harness/orgs.ts";
import { linesOf, receiver } from "./receiver.ts";

const ENDPOINT = "https://siem.example.com/in";
const SHARD = "SHARD_0";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await workerEnv.DIRECTORY.prepare("DELETE FROM observability").run();
});

async function forwardingOrg(entries: number): Promise<string> {
  const org = await makeOrg();
  const body = { audit: { forward: { endpoint: ENDPOINT } } };
  await requireStatus(200, call("PUT", `/v1/orgs/${org}/observability`, { body }));
  for (let left = entries; left > 0; left -= 256) {
    await appendEvents(
      org,
      Array.from({ length: Math.min(left, 256) }, () => EVENT),
    );
  }
  await runAlarms({ org, log: 1, shard: SHARD });
  return org;
}

/** To which every org's metrics go that says nothing itself. */
function withDefaultReceiver(): Env {
  const OBSERVABILITY = { metrics: { otlp: { endpoint: "https://otel.example.com:4318" } } };
  return { ...workerEnv, OBSERVABILITY };
}

describe("The list of orgs to deliver for", () => {
  it("has each of them once, in batches, each going on where the last one ended", async () => {
    const orgs = await insertOrgs(120);
    const place = { env: withDefaultReceiver(), shard: SHARD, nowMs: Date.now() };
    const batches: (readonly StreamTarget[])[] = [];
    for (let after: string | null = null; ; ) {
      const [batch] = await deliveryJob.list(place, after, 1);
      if (batch === undefined) break;
      batches.push(batch);
      after = deliveryJob.placeOf?.(batch) ?? null;
    }
    const listed = batches.flat().map(({ org }) => org);
    expect(batches.every(({ length }) => length <= 50)).toBe(true);
    expect(listed).toEqual([...listed].sort());
    expect(listed.filter((org) => orgs.includes(org))).toEqual(orgs);
    const whole = await deliveryJob.list(place, null, 100);
    expect(whole.flat()).toEqual(batches.flat());
  });
});

describe("A delivery that a clock which was ahead has put off", () => {
  it.each(["busy_until_ms", "retry_at_ms", "attempted_at_ms"])(
    "is due all the same, by %s",
    async (column) => {
      const org = await forwardingOrg(1);
      const nowMs = Date.now();
      const put = `INSERT INTO stream_deliveries (org, stream, ${column}) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET ${column} = excluded.${column}`;
      const dueAfter = async (aheadMs: number) => {
        for (const stream of ["metrics", "audit"]) {
          await workerEnv.SHARD_0.prepare(put)
            .bind(org, stream, nowMs + aheadMs)
            .run();
        }
        return [
          ...(await findDueMetrics(workerEnv.SHARD_0, [org], nowMs, nowMs - 60_000)),
          ...(await findDueAudit(workerEnv.SHARD_0, [org], nowMs)),
        ].length;
      };
      expect(await dueAfter(column === "attempted_at_ms" ? 0 : 30_000)).toBeLessThan(2);
      expect(await dueAfter(3_650 * 86_400_000)).toBe(2);
      const term = { nowMs, untilMs: nowMs + 60_000 };
      expect(await claimDelivery(workerEnv.SHARD_0, org, "audit", term)).not.toBeNull();
    },
  );
});

describe("A tick", () => {
  it("comes to the orgs of every batch", async () => {
    await insertOrgs(120);
    const env = withDefaultReceiver();
    const { received } = receiver();
    await runCron(env, Date.now(), inProcess(env), [deliveryJob]);
    const active = "SELECT count(*) AS n FROM orgs WHERE state = 'active'";
    expect(received).toHaveLength(
      (await workerEnv.DIRECTORY.prepare(active).first<number>("n")) ?? 0,
    );
  });

  it("forwards a backlog in bounded turns, between which others have theirs, and all of it", async () => {
    const { lines } = receiver(
      ({ body }) => new Response(null, { status: linesOf(body).length > 10 ? 413 : 200 }),
    );
    const org = await forwardingOrg(300);
    await runCron(workerEnv, Date.now(), undefined, [deliveryJob]);
    expect(lines()).toEqual(await exportedLines(org));
    // 20 steps a turn, of which some find out again how much the receiver takes.
    const claims = "SELECT claim FROM stream_deliveries WHERE org = ?1";
    expect(await workerEnv.SHARD_0.prepare(claims).bind(org).first("claim")).toBe(3);
  });

  it("leaves to the next run what its queries do not allow for", async () => {
    const { received } = receiver();
    const orgs = await insertOrgs(200);
    const env = withDefaultReceiver();
    const place = { env, shard: SHARD, nowMs: Date.now() };
    const listed = (await deliveryJob.list(place, null, 100)).flat();
    const mine = listed.filter(({ org }) => orgs.includes(org));
    const batches = [0, 50, 100, 150].map((from) => mine.slice(from, from + 50));
    const count = new QueryCount();
    const runNext = () => runOnce(count.counted(env), deliveryJob, batches);
    const first = await runNext();
    // 900 queries, thirteen of them for each push.
    expect(received.length).toBeGreaterThanOrEqual(64);
    expect(received.length).toBeLessThanOrEqual(76);
    expect(first.reached).toBeLessThan(batches.length);
    expect(count.sent).toBeLessThanOrEqual(1_000);
    await runNext();
    await runNext();
    expect(received).toHaveLength(200);
  });
});
