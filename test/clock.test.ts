import {
  createExecutionContext,
  createScheduledController,
  waitOnExecutionContext,
} from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runCron } from "#cron.ts";
import { parseCheckpointNote, parseKeyList, RETENTION_DAYS_MIN } from "#formats/ledger/evidence.ts";
import { LogAudit } from "#formats/ledger/log-audit.ts";
import worker from "#index.ts";
import {
  appendEvents,
  auditEntries,
  auditJson,
  auditText,
  EVENT,
  exportedLines,
  signHead,
  statusOf,
} from "./audit/audit-client.ts";
import { runAlarms, settleLedgerClock } from "./audit/ledger/run-pruning.ts";
import { getJson, refusal, requireStatus } from "./harness/answers.ts";
import { ingest, makeSample, metricSum, postCalls, scrape } from "./harness/calls.ts";
import { call, workerEnv } from "./harness/deployment.ts";
import { makeOrg } from "./harness/orgs.ts";
import { settleShardClock } from "./harness/shard-clock.ts";
import { countRows } from "./harness/shard-org.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FAR_MS = 3_650 * DAY_MS;

/** An hour ahead of the clock that alarms go by, so that none goes off by itself. */
let startMs = 0;
beforeEach(() => {
  startMs = Date.now() + HOUR_MS;
  vi.useFakeTimers({ toFake: ["Date"], now: startMs });
});
afterEach(() => {
  vi.useRealTimers();
});

async function tick(org: string): Promise<void> {
  await runCron(workerEnv, Date.now());
  await runDueAlarm(org);
}

/** The ledger's alarm, where its time has come. */
async function runDueAlarm(org: string): Promise<void> {
  await runAlarms({ org, log: 1, shard: "SHARD_0" }, { untilMs: Date.now() });
}

/** A tick each ten minutes, the clock moving with them. */
async function ticksFor(org: string, minutes: number): Promise<void> {
  for (let minute = 0; minute <= minutes; minute += 10) {
    await tick(org);
    vi.setSystemTime(Date.now() + 10 * MINUTE_MS);
  }
}

/** Ticks of a time on which an hour of ticks has agreed already. */
async function settledTicks(org: string, count: number): Promise<void> {
  await settleShardClock();
  await settleLedgerClock({ org, log: 1, shard: "SHARD_0" });
  for (let done = 0; done < count; done += 1) {
    await tick(org);
    vi.setSystemTime(Date.now() + MINUTE_MS);
  }
}

/** What there is of the org that retention could take. */
async function keptOf(org: string) {
  const status = await statusOf(org);
  return {
    entries: status.tree_size - status.minimum_index,
    samples: await countRows(org, "tool_invocations"),
    hours: await countRows(org, "rollups_hourly"),
  };
}

/** Entries of one bundle and more, samples folded into an hour. */
async function busyOrg(): Promise<string> {
  const org = await makeOrg({ tier: "community", retention: { samples_hours: 26 } });
  for (let report = 0; report < 2; report += 1) {
    await appendEvents(
      org,
      Array.from({ length: 150 }, () => EVENT),
    );
  }
  await ingest(
    org,
    Array.from({ length: 5 }, () => makeSample()),
  );
  await scrape(org);
  await runCron(workerEnv, Date.now());
  await runDueAlarm(org);
  await signHead(org);
  return org;
}

async function scheduled(scheduledTime: Date): Promise<void> {
  const controller = createScheduledController({ scheduledTime, cron: "* * * * *" });
  const ctx = createExecutionContext();
  await worker.scheduled(controller, workerEnv, ctx);
  await waitOnExecutionContext(ctx);
}

const isPaused = async (org: string) =>
  metricSum(await scrape(org), "mcpg_deletion_paused", `org="${org}"`);

describe("A clock that is far ahead", () => {
  it("in the ticks that anyone fires deletes nothing, and no sample is refused for it", async () => {
    const org = await busyOrg();
    await settleShardClock();
    const before = await keptOf(org);
    for (let fired = 0; fired < 2; fired += 1) await scheduled(new Date("2100-01-01T00:00:00Z"));
    await runDueAlarm(org);
    expect(await keptOf(org)).toEqual(before);
    expect(await ingest(org, [makeSample()])).toMatchObject({ accepted: 1, rejected: [] });
    expect(await isPaused(org)).toBe(0);
  });

  it("in the machine itself deletes nothing for an hour, as status and metrics tell", async () => {
    const org = await busyOrg();
    await settleShardClock();
    const before = await keptOf(org);
    vi.setSystemTime(startMs + FAR_MS);
    await ticksFor(org, 50);
    expect(await keptOf(org)).toEqual(before);
    expect(await isPaused(org)).toBe(1);
    const untilAt = new Date(startMs + FAR_MS + HOUR_MS).toISOString();
    expect((await statusOf(org)).deletion).toEqual({ waits_until: untilAt });
    const path = `/v1/orgs/${org}/observability/status`;
    expect(await getJson(path)).toMatchObject({ deletion: { waits_until: untilAt } });
  });
});

describe("A clock that is right", () => {
  it("after a month of rest lets an hour pass, then retention goes on: on the shard, then in the ledger", async () => {
    const org = await busyOrg();
    await settleShardClock();
    vi.setSystemTime(startMs + 33 * DAY_MS);
    await ticksFor(org, 50);
    expect(await keptOf(org)).toMatchObject({ entries: 302, samples: 5 });
    await ticksFor(org, 0);
    expect(await keptOf(org)).toMatchObject({ entries: 302, samples: 0 });
    expect(await isPaused(org)).toBe(0);
    // The ledger has been asked, and has its own clock agree for an hour.
    expect((await statusOf(org)).deletion.waits_until).not.toBeNull();
    await ticksFor(org, 80);
    const { minimum_index, deletion } = await statusOf(org);
    expect([minimum_index, deletion.waits_until]).toEqual([256, null]);
  });
});

/** What the verifier finds wrong with all that is signed now. */
async function verdictsOf(org: string): Promise<string[]> {
  const checkpoint = parseCheckpointNote(await signHead(org))!;
  const { size } = checkpoint.checkpoint;
  const keys = parseKeyList(await auditText(org, "/keys")) ?? [];
  const audit = new LogAudit({
    missing: [],
    damaged: [],
    checkpoint,
    pinned: keys[0]!.key,
    keys,
    cutovers: new Map(),
    origin: null,
    fromSeq: 0,
    toSeq: size,
    minimumIndex: 0,
    prefix: [],
    consistency: null,
    earlierProofs: new Map(),
    kept: [],
    freshness: { nowMs: Date.now(), maxAgeMinutes: 60, unsigned: null },
    retentionDaysMin: RETENTION_DAYS_MIN,
    isPartAccepted: false,
  });
  const lines = (await exportedLines(org)).slice(0, size);
  for (const line of lines) if (!audit.add(new TextEncoder().encode(line))) break;
  return audit.finish().findings.map(({ code }) => code);
}

const correct = (org: string, reason = "NTP was set to 2036") =>
  call("POST", `/v1/orgs/${org}/audit/clock`, { body: { reason } });

/** Ran ahead for hours, pruned all samples and announced a pruning by that, appended an entry, and came back. */
async function orgWithFarClock() {
  const org = await busyOrg();
  await settleShardClock();
  const counted = makeSample();
  await ingest(org, [counted]);
  vi.setSystemTime(startMs + FAR_MS);
  await settledTicks(org, 1);
  const aheadUntilMs = Date.now();
  await appendEvents(org, [EVENT]);
  vi.setSystemTime(startMs + 10 * MINUTE_MS);
  return { org, counted, aheadUntil: new Date(aheadUntilMs).toISOString() };
}

describe("A clock that was ahead and came back", () => {
  it("has samples refused one by one and takes every heartbeat, for whatever it has pruned", async () => {
    const { org } = await orgWithFarClock();
    expect(await countRows(org, "tool_invocations")).toBe(0);
    const answer = await ingest(org, [makeSample(), makeSample({ outcome: "no such" })]);
    expect(answer).toMatchObject({ accepted: 0, duplicates: 0 });
    expect(answer.rejected.map(({ index, code }) => [index, code])).toEqual([
      [1, "invalid_outcome"],
      [0, "time_pruned"],
    ]);
    const heartbeat = postCalls(org, [], { instance_id: "gw-new", epoch: Date.now(), seq: 0 });
    expect((await heartbeat).status).toBe(200);
    await runCron(workerEnv, Date.now());
    const { instances } = await getJson<{ instances: { id: string }[] }>(
      `/v1/orgs/${org}/instances`,
    );
    expect(instances.map(({ id }) => id)).toContain("gw-new");
  });

  it("is mended on the record: times fall once, samples are taken, none is counted twice", async () => {
    const { org, counted, aheadUntil } = await orgWithFarClock();
    await appendEvents(org, [EVENT]);
    const held = await statusOf(org);
    expect(held.recorded_ahead_until).toBe(aheadUntil);
    const answer = await requireStatus(200, correct(org));
    const now = new Date(startMs + 10 * MINUTE_MS).toISOString();
    const body = (await answer.json()) as Record<string, unknown>;
    expect(body).toMatchObject({ recorded_at: { from: aheadUntil, to: now } });
    const [entry] = await auditEntries(org, "?action=ledger.clock_corrected");
    expect(entry?.event).toMatchObject({
      recorded_at: now,
      actor: "operator:admin",
      details: { from: aheadUntil, to: now, reason: "NTP was set to 2036" },
    });
    expect((await statusOf(org)).recorded_ahead_until).toBeNull();
    const [receipt] = await appendEvents(org, [EVENT]);
    const after = await auditJson<{ event: Record<string, unknown> }>(org, `/${receipt?.seq}`);
    expect(after.event["recorded_at"]).toBe(now);
    const again = await ingest(org, [makeSample(), counted]);
    expect(again).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(again.rejected.map(({ index, code }) => [index, code])).toEqual([[1, "time_pruned"]]);
    expect(metricSum(await scrape(org), "mcpg_tool_calls_total")).toBe(7);
    expect(await refusal(correct(org))).toEqual([409, "conflict"]);
    expect(await verdictsOf(org)).toEqual([]);
  });

  it("leaves a log whose retention ends as if it had always been right", async () => {
    const { org } = await orgWithFarClock();
    // The last of the ticks had it announced, by the wrong clock.
    expect(await auditEntries(org, "?action=ledger.pruned")).toHaveLength(1);
    await requireStatus(200, correct(org));
    await appendEvents(
      org,
      Array.from({ length: 200 }, () => EVENT),
    );
    const { minimum_index: before, tree_size: size } = await statusOf(org);
    expect(before).toBe(0);
    vi.setSystemTime(startMs + 20 * DAY_MS);
    await settledTicks(org, 4);
    expect((await statusOf(org)).minimum_index).toBe(before);
    vi.setSystemTime(startMs + 31 * DAY_MS);
    await settledTicks(org, 4);
    expect((await statusOf(org)).minimum_index).toBe(size - (size % 256));
  });
});

/** What tells whether anybody reports and is called, at most 30 days after they last were. */
async function seenIn(org: string) {
  const { instances } = await getJson<{ instances: { id: string; state: string }[] }>(
    `/v1/orgs/${org}/instances`,
  );
  const calls = metricSum(await scrape(org), "mcpg_tool_calls_total", `org="${org}"`);
  return { states: instances.map(({ state }) => state), calls };
}

/** An instance reported by a clock that was ahead, which was folded and is back, and nobody has reported since. */
async function orgSeenFarAhead(): Promise<string> {
  const org = await makeOrg();
  vi.setSystemTime(startMs + FAR_MS);
  await ingest(org, [makeSample({ started_at: Date.now() })]);
  await scrape(org);
  await runCron(workerEnv, Date.now());
  vi.setSystemTime(startMs + 10 * MINUTE_MS);
  return org;
}

describe("An instance and a series that were last seen by a clock that was ahead", () => {
  it("are set back once an hour of ticks has agreed on the time, then go stale and leave as any other", async () => {
    const org = await orgSeenFarAhead();
    expect(await seenIn(org)).toMatchObject({ states: ["online"] });
    await ticksFor(org, 50);
    expect(await seenIn(org)).toMatchObject({ states: ["online"], calls: 1 });
    await ticksFor(org, 30);
    vi.setSystemTime(Date.now() + 5 * MINUTE_MS);
    expect(await seenIn(org)).toMatchObject({ states: ["departed"], calls: 1 });
    vi.setSystemTime(Date.now() + 31 * DAY_MS);
    expect((await seenIn(org)).calls).toBe(0);
  });

  it("are set back at once by who says that the clock is right", async () => {
    const org = await orgSeenFarAhead();
    await appendEvents(org, [EVENT]);
    // Another entry carries the far time, so that there is something to correct on the record.
    vi.setSystemTime(startMs + FAR_MS);
    await appendEvents(org, [EVENT]);
    vi.setSystemTime(startMs + 10 * MINUTE_MS);
    await requireStatus(200, correct(org));
    vi.setSystemTime(Date.now() + 5 * MINUTE_MS);
    expect(await seenIn(org)).toMatchObject({ states: ["departed"], calls: 1 });
  });
});

describe("The log of an org that was deleted", () => {
  it("has its clock mended like any other for as long as it is kept, and is not begun anew after", async () => {
    const { org } = await orgWithFarClock();
    await requireStatus(202, call("DELETE", `/v1/orgs/${org}`));
    const answer = await requireStatus(200, correct(org));
    expect(await answer.json()).toMatchObject({ samples_refused_before: null });
    expect((await statusOf(org)).recorded_ahead_until).toBeNull();
    await workerEnv.SHARD_0.prepare("DELETE FROM audit_logs WHERE org = ?1").bind(org).run();
    expect(await refusal(correct(org))).toEqual([404, "not_found"]);
  });
});

describe("A clock that was always right", () => {
  it("has nothing to mend: 409, and no entry", async () => {
    const org = await busyOrg();
    const { tree_size } = await statusOf(org);
    expect(await refusal(correct(org))).toEqual([409, "conflict"]);
    expect((await statusOf(org)).tree_size).toBe(tree_size);
  });
});
