import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { NOTHING_PENDING } from "#calls/figures/pending.ts";
import { GROUP_LABELS, type RollupGroupFigures } from "#calls/figures/rollup-groups.ts";
import { millisecondsOf } from "#calls/figures/tool-latency.ts";
import { OUTCOMES, REPLAY } from "#calls/outcome.ts";
import { findRollupPage, type RollupQuery } from "#calls/store/rollup-page.ts";
import { BucketCounts, bucketIndex } from "#formats/exponential-histogram.ts";
import { ingest, makeSample, scrape } from "../../harness/calls.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";

const HOUR_MS = 3_600_000;
const WINDOW_MS = { hour: HOUR_MS, day: 24 * HOUR_MS };
const HOURS = 20;
const SAMPLES = 2_000;

interface Sent {
  workspace: string;
  plugin: string;
  tool: string;
  started_at: number;
  duration_ms: number;
  outcome: string;
}

const nowMs = Date.now();
const nameOf = (letter: string, count: number) =>
  fc.nat(count - 1).map((at) => `${letter}${at % 2 === 0 ? "" : "é"}${at}`);
const workspaces = nameOf("w", 3);
const plugins = nameOf("p", 5);
const tools = nameOf("t", 7);
const sent: fc.Arbitrary<Sent> = fc.record({
  workspace: workspaces,
  plugin: plugins,
  tool: tools,
  started_at: fc.integer({ min: nowMs - HOURS * HOUR_MS, max: nowMs }),
  duration_ms: fc.integer({ min: 0, max: 5_000_000 }).map((us) => us / 1e3),
  outcome: fc.constantFrom(...OUTCOMES),
});

const windows = { from: fc.integer({ min: -2, max: HOURS + 2 }), count: fc.nat(HOURS + 4) };
const asked = fc.record({
  granularity: fc.constantFrom("hour", "day"),
  ...windows,
  workspace: fc.option(workspaces, { nil: undefined, freq: 2 }),
  plugin: fc.option(plugins, { nil: undefined, freq: 2 }),
  tool: fc.option(fc.oneof(tools, fc.constant("nowhere")), { nil: undefined, freq: 2 }),
  groupBy: fc.subarray([...GROUP_LABELS]),
  limit: fc.integer({ min: 1, max: 60 }),
});

let org: string;
let samples: Sent[];

beforeAll(async () => {
  org = await makeOrg();
  [samples = []] = fc.sample(fc.array(sent, { minLength: SAMPLES, maxLength: SAMPLES }), 1);
  for (let start = 0; start < SAMPLES; start += 500) {
    await ingest(
      org,
      samples.slice(start, start + 500).map((one) => makeSample({ ...one })),
    );
  }
  await scrape(org);
});

/** As anyone would count who had the samples in one list. */
function reference(query: RollupQuery): RollupGroupFigures[] {
  const { granularity, range, filter, groupBy } = query;
  const groups = new Map<string, { windowNumber: number; key: string; sent: Sent[] }>();
  for (const sample of samples) {
    const windowNumber = Math.floor(sample.started_at / WINDOW_MS[granularity]);
    const isWanted = GROUP_LABELS.every(
      (label) => (filter[label] ?? sample[label]) === sample[label],
    );
    if (!isWanted || windowNumber < range.from || windowNumber >= range.to) continue;
    const key = groupBy.map((label) => sample[label]).join("\0");
    const id = `${windowNumber} ${key}`;
    const group = groups.get(id) ?? { windowNumber, key, sent: [] };
    groups.set(id, group);
    group.sent.push(sample);
  }
  const inOrder = [...groups.values()].sort(
    (a, b) => b.windowNumber - a.windowNumber || (a.key < b.key ? -1 : 1),
  );
  return inOrder.map(({ windowNumber, key, sent: [first, ...others] }) => {
    const all = first === undefined ? [] : [first, ...others];
    const labels = Object.fromEntries(groupBy.map((label) => [label, first?.[label]]));
    return { windowNumber, key, labels, figures: figuresOf(all) };
  });
}

function figuresOf(all: readonly Sent[]) {
  const calls = all.filter(({ outcome }) => outcome !== OUTCOMES[REPLAY]);
  const us = calls.map(({ duration_ms }) => Math.round(duration_ms * 1e3));
  const counts = new BucketCounts();
  for (const each of us) counts.addJson(`{"${bucketIndex(each)}":1}`);
  const quantile = (share: number) =>
    us.length === 0
      ? null
      : millisecondsOf(counts.quantileSeconds(share, Math.min(...us), Math.max(...us)));
  const count = (outcome: string) => all.filter((one) => one.outcome === outcome).length;
  return {
    calls: calls.length,
    errors: calls.filter(({ outcome }) => outcome !== "ok").length,
    outcomes: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count(outcome)])),
    p50_ms: quantile(0.5),
    p95_ms: quantile(0.95),
    p99_ms: quantile(0.99),
    max_ms: us.length === 0 ? null : Math.max(...us) / 1e3,
    mean_ms:
      us.length === 0
        ? null
        : Math.round(us.reduce((sum, each) => sum + each, 0) / us.length) / 1e3,
  };
}

async function allPages(query: RollupQuery, limit: number): Promise<RollupGroupFigures[]> {
  const groups: RollupGroupFigures[] = [];
  let { after } = query;
  do {
    const page = await findRollupPage(
      workerEnv.SHARD_0,
      { ...query, after },
      limit,
      NOTHING_PENDING,
    );
    expect(page.groups.length).toBeLessThanOrEqual(limit);
    groups.push(...page.groups);
    after = page.next;
  } while (after !== null);
  return groups;
}

describe("Rollups", () => {
  it("are what the samples say, for any filter, grouping, range and page", async () => {
    await fc.assert(
      fc.asyncProperty(asked, async ({ granularity, from, count, groupBy, limit, ...filter }) => {
        const end = Math.floor(nowMs / WINDOW_MS[granularity]) + 1;
        const range = { from: end - from - 1, to: end - from - 1 + count };
        const query = { org, granularity, range, filter, groupBy, after: null };
        expect(await allPages(query, limit)).toEqual(reference(query));
      }),
      { numRuns: 60 },
    );
  });
});
