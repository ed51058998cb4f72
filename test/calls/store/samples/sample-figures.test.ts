import { beforeAll, describe, expect, it } from "vitest";
import type { Call } from "#calls/call.ts";
import type { CallFilter } from "#calls/call-filter.ts";
import { OUTCOMES } from "#calls/outcome.ts";
import { countedCalls, type RangedFilter } from "#calls/samples/counted-samples.ts";
import { findCalls } from "#calls/store/find-calls.ts";
import {
  COMPARED_FIELDS,
  type ComparedField,
  findComparedSamples,
} from "#calls/store/samples/compared-samples.ts";
import { findErrorGroups } from "#calls/store/samples/error-groups.ts";
import { findTopOfSamples, SAMPLE_TOPS } from "#calls/store/samples/top-of-samples.ts";
import { BilledRows } from "../../../harness/billed-rows.ts";
import { manySamples } from "../../../harness/many-samples.ts";
import { newId } from "../../../harness/new-id.ts";
import {
  isAskedFor,
  pick,
  randomCall,
  randomFilter,
  seeded,
} from "../../../harness/random-calls.ts";
import { db, invocation, makeShardOrg, store } from "../../../harness/shard-org.ts";

const HOUR_MS = 3_600_000;
const SPAN_MS = 4 * HOUR_MS;
const FIELDS = {
  workspace: "workspace",
  plugin: "plugin",
  tool: "tool",
  outcome: "outcome",
  actor: "actor",
  error_code: "errorCode",
  error_fingerprint: "errorFingerprint",
} as const;

/** Of instances all have one. */
function fieldOf(call: Call, field: ComparedField): string {
  return field === "instance" ? "gw-1" : (call[FIELDS[field]] ?? "");
}

function isError({ outcome }: Call): boolean {
  return outcome !== "ok" && outcome !== "idempotent_replay";
}

function toolKey({ workspace, plugin, tool }: Pick<Call, "workspace" | "plugin" | "tool">): string {
  return JSON.stringify([workspace, plugin, tool]);
}

/** By nearest rank. */
function p95Us(calls: readonly Call[]): number | null {
  const durations = calls
    .filter(({ outcome }) => outcome !== "idempotent_replay")
    .map(({ durationUs }) => durationUs)
    .sort((a, b) => a - b);
  return durations[Math.ceil(durations.length * 0.95) - 1] ?? null;
}

function countBy(calls: readonly Call[], keyOf: (call: Call) => string): Record<string, number> {
  const counts = [...Map.groupBy(calls, keyOf)].map(([key, of]) => [key, of.length]);
  return Object.fromEntries(counts);
}

/** Without the time, and with both of its ends. */
function ranged(filter: CallFilter, nowMs: number): RangedFilter {
  return countedCalls({
    ...filter,
    fromMs: filter.fromMs ?? nowMs - SPAN_MS,
    toMs: filter.toMs ?? nowMs,
  });
}

describe("Figures of samples are a plain count", () => {
  const nowMs = Date.now();
  const random = seeded(7);
  const calls = Array.from({ length: 500 }, () => randomCall(random, nowMs, SPAN_MS));
  const filters = Array.from({ length: 40 }, () =>
    ranged(randomFilter(random, nowMs, SPAN_MS), nowMs),
  );
  let org: string;
  beforeAll(async () => {
    const shardOrg = await makeShardOrg();
    org = shardOrg.org;
    await store(shardOrg, calls);
  });

  it.each(SAMPLE_TOPS)("by %s, whatever is asked for and has most", async (by) => {
    for (const filter of filters) {
      const metric = pick(random, ["calls", "errors", "p95"] as const);
      const asked = calls.filter((call) => isAskedFor(call, filter));
      const top = await findTopOfSamples(db, org, { filter, by, metric, limit: 50 });
      const groups = Map.groupBy(asked, (call) => fieldOf(call, by));
      if (by === "error_code") groups.delete("");
      const rows = [...groups].map(([value, of]) => ({
        value,
        calls: of.length,
        errors: of.filter(isError).length,
        p95Us: p95Us(of),
      }));
      const rankOf = (row: (typeof rows)[number]) => row[metric === "p95" ? "p95Us" : metric] ?? 0;
      expect(top.total).toEqual({ calls: asked.length, errors: asked.filter(isError).length });
      expect(top.rows.toSorted(byValue), JSON.stringify({ filter, by, metric })).toEqual(
        rows.filter((row) => rankOf(row) > 0).toSorted(byValue),
      );
      expect(top.rows.map(rankOf)).toEqual(top.rows.map(rankOf).toSorted((a, b) => b - a));
      const [first] = (await findTopOfSamples(db, org, { filter, by, metric, limit: 1 })).rows;
      expect(first).toEqual(top.rows[0]);
    }
  });

  it("by error, with codes, tools and when each was seen", async () => {
    for (const filter of filters) {
      const asked = calls.filter((call) => isError(call) && isAskedFor(call, filter));
      const { total, groups } = await findErrorGroups(db, org, filter, 50);
      // Without a message, a code is what errors have in common.
      const kindOf = (call: Call) => call.errorFingerprint ?? `/${call.errorCode ?? ""}`;
      const kinds = Map.groupBy(asked, kindOf);
      const kindOfGroup = ({ fingerprint, codes }: (typeof groups)[number]) =>
        fingerprint || `/${codes[0]?.value}`;
      expect(total).toEqual({ calls: asked.length, groups: kinds.size });
      expect(groups.map(kindOfGroup).toSorted()).toEqual([...kinds.keys()].toSorted());
      for (const one of groups) {
        const of = kinds.get(kindOfGroup(one))!;
        const { fingerprint: _, codes, tools, ...group } = one;
        const starts = of.map(({ startedAtMs }) => startedAtMs);
        expect(group).toEqual({
          calls: of.length,
          firstMs: Math.min(...starts),
          lastMs: Math.max(...starts),
          newestId: of
            .map(({ id }) => id)
            .toSorted()
            .at(-1),
        });
        const told = (parts: { calls: number }[], keyOf: (part: never) => string) =>
          Object.fromEntries(parts.map((part) => [keyOf(part as never), part.calls]));
        const byCode = countBy(of, (call) => call.errorCode ?? "");
        expect(told(codes, ({ value }: { value: string }) => value)).toEqual(byCode);
        const byTool = countBy(of, toolKey);
        const told5 = told(tools, ({ labels }: { labels: Call }) => toolKey(labels));
        expect(byTool).toMatchObject(told5);
        expect(tools.length).toBe(Math.min(5, Object.keys(byTool).length));
      }
    }
  });

  it("of a selection and of the rest, by every field", async () => {
    for (const filter of filters) {
      const selected = randomFilter(random, nowMs, SPAN_MS);
      const asked = calls.filter((call) => isAskedFor(call, filter));
      const isSelected = (call: Call) => isAskedFor(call, selected);
      const found = await findComparedSamples(db, org, filter, selected);
      const inside = asked.filter(isSelected).length;
      expect([found.selection, found.baseline]).toEqual([inside, asked.length - inside]);
      const expected = COMPARED_FIELDS.flatMap((field) =>
        [...Map.groupBy(asked, (call) => fieldOf(call, field))].map(([value, of]) => {
          const selection = of.filter(isSelected).length;
          return { field, value, selection, baseline: of.length - selection };
        }),
      );
      const inOrder = (values: typeof expected) =>
        values.toSorted((a, b) => (a.field + a.value < b.field + b.value ? -1 : 1));
      expect(inOrder(found.values)).toEqual(inOrder(expected));
    }
  });
});

function byValue(a: { value: string }, b: { value: string }): number {
  return a.value < b.value ? -1 : 1;
}

describe("Figures of more samples than are looked at", () => {
  const COUNT = 60_000;
  const GAP_MS = 50;
  const endMs = Date.now();
  const filter = countedCalls({ fromMs: endMs - COUNT * GAP_MS, toMs: endMs });
  /** Begins where the looking ends, but for what its id says. */
  const edgeMs = endMs - 50_000 * GAP_MS;
  let org: string;
  beforeAll(async () => {
    const shardOrg = await makeShardOrg();
    org = shardOrg.org;
    await manySamples(org, { count: COUNT, endMs, gapMs: GAP_MS });
    const skewed = [-90_000, -20_000, 20_000, 90_000].map((skewMs) =>
      invocation({
        started_at: edgeMs - skewMs / 2,
        id: newId(edgeMs + skewMs / 2),
        actor: "user:1",
      }),
    );
    await store(shardOrg, skewed);
  });

  async function listed(more: CallFilter, fromMs: number): Promise<number> {
    let [count, afterId]: [number, string | null] = [0, null];
    do {
      const query = {
        filter: { ...filter, ...more, fromMs },
        order: "asc",
        limit: 1_000,
        afterId,
      } as const;
      const page = await findCalls(db, org, query);
      count += page.calls.length;
      afterId = page.nextId;
    } while (afterId !== null);
    return count;
  }

  it("are of all that began since the time they tell, and of nothing else", async () => {
    const top = await findTopOfSamples(db, org, {
      filter,
      by: "actor",
      metric: "calls",
      limit: 50,
    });
    const scannedToMs = top.scannedToMs!;
    expect(scannedToMs).toBeGreaterThan(edgeMs);
    expect(scannedToMs).toBeLessThan(edgeMs + 2 * 90_000 + 10 * GAP_MS);
    for (const actor of ["user:1", "user:2"]) {
      const calls = top.rows.find(({ value }) => value === actor)?.calls;
      expect(calls).toBe(await listed({ actor }, scannedToMs));
    }
    expect(top.total.calls).toBe(await listed({}, scannedToMs));
    const errors = await findErrorGroups(db, org, filter, 50);
    const outcomes = OUTCOMES.filter((outcome) => outcome.endsWith("error"));
    expect(errors.scannedToMs).toBe(scannedToMs);
    expect(errors.total.calls).toBe(await listed({ outcomes }, scannedToMs));
    const selected = { tool: "tool-7" };
    const compared = await findComparedSamples(db, org, filter, selected);
    expect(compared.scannedToMs).toBe(scannedToMs);
    expect(compared.selection).toBe(await listed(selected, scannedToMs));
  });

  /** D1 counts rows of the tables that a statement makes for itself too: compare groups three times. */
  it("read no more rows than follow from the samples looked at", async () => {
    const rows = new BilledRows();
    const counting = rows.counting(db);
    const read: Record<string, number> = {};
    await findTopOfSamples(counting, org, { filter, by: "actor", metric: "p95", limit: 10 });
    read["top"] = rows.take().rowsRead;
    await findErrorGroups(counting, org, filter, 50);
    read["errors"] = rows.take().rowsRead;
    await findComparedSamples(counting, org, filter, { tool: "tool-7" });
    read["compare"] = rows.take().rowsRead;
    const times = Object.entries(read).map(([name, count]) => [name, Math.round(count / 50_000)]);
    expect(Object.fromEntries(times)).toEqual({ top: 3, errors: 2, compare: 8 });
  });
});
