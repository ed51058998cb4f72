import { beforeAll, describe, expect, it } from "vitest";
import type { CallFilter } from "#calls/call-filter.ts";
import { type CallOrder, type CallPage, findCalls } from "#calls/store/find-calls.ts";
import { pruneOnce } from "#calls/store/prune.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { manySamples } from "../../harness/many-samples.ts";
import { isAskedFor, pick, randomCall, randomFilter, seeded } from "../../harness/random-calls.ts";
import { db, invocation, makeShardOrg, store } from "../../harness/shard-org.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SPAN_MS = 4 * HOUR_MS;
/** More than a page looks at. */
const MANY = 120_000;
const GAP_MS = 60;

function page(
  org: string,
  filter: CallFilter,
  order: CallOrder,
  afterId: string | null,
  limit = 50,
) {
  return findCalls(db, org, { filter, order, limit, afterId });
}

/** All pages, one after the other, with what `between` does meanwhile. */
async function readAll(
  org: string,
  filter: CallFilter,
  order: CallOrder,
  limit: number,
  between: (read: CallPage) => Promise<void> | void = () => {},
): Promise<string[]> {
  const ids: string[] = [];
  let afterId: string | null = null;
  do {
    const read: CallPage = await page(org, filter, order, afterId, limit);
    ids.push(...read.calls.map(({ id }) => id));
    afterId = read.nextId;
    await between(read);
  } while (afterId !== null);
  return ids;
}

const inOrder = (ids: string[], order: CallOrder) =>
  order === "asc" ? ids.toSorted() : ids.toSorted().reverse();

describe("A page of calls", () => {
  let org: string;
  const endMs = Date.now();
  beforeAll(async () => {
    org = (await makeShardOrg()).org;
    await manySamples(org, { count: MANY, endMs, gapMs: GAP_MS });
  });

  it.each(["desc", "asc"] as const)(
    "that is full reads its own rows and one more, %s",
    async (order) => {
      const rows = new BilledRows();
      const query = { filter: {}, order, limit: 50, afterId: null };
      expect((await findCalls(rows.counting(db), org, query)).calls).toHaveLength(50);
      expect(rows.take().rowsRead).toBeLessThanOrEqual(4 * 51 + 1);
    },
  );

  it.each(["desc", "asc"] as const)("of a minute is a seek wherever it lies, %s", async (order) => {
    const rows = new BilledRows();
    for (const agoMs of [0, HOUR_MS / 2, HOUR_MS, 1.5 * HOUR_MS]) {
      const filter = { fromMs: endMs - agoMs - MINUTE_MS, toMs: endMs - agoMs };
      const query = { filter, order, limit: 1_000, afterId: null };
      const { calls, nextId } = await findCalls(rows.counting(db), org, query);
      expect([calls.length, nextId]).toEqual([MINUTE_MS / GAP_MS, null]);
      expect(rows.take().rowsRead).toBeLessThanOrEqual(4 * calls.length + 20);
    }
  });

  it.each(["desc", "asc"] as const)(
    "of calls that are rare tells how far it looked, %s",
    async (order) => {
      const rare = invocation({ started_at: endMs - 1.4 * HOUR_MS, actor: `rare ${order}` });
      await store({ org, generation: 1, seriesMax: 1, seriesLabelBytesMax: 1 }, [rare]);
      const reads: CallPage[] = [];
      const ids = await readAll(
        org,
        { actor: `rare ${order}` },
        order,
        50,
        (read) => void reads.push(read),
      );
      expect(ids).toEqual([rare.id]);
      const looked = reads.map(({ scannedToMs }) => scannedToMs);
      expect(looked).toHaveLength(Math.ceil(MANY / 50_000));
      const [first] = looked;
      const oldestMs = endMs - MANY * GAP_MS;
      const looksTo = order === "desc" ? endMs - 50_000 * GAP_MS : oldestMs + 50_000 * GAP_MS;
      expect(Math.abs((first ?? 0) - looksTo)).toBeLessThanOrEqual(3 * GAP_MS);
      expect(looked.at(-1)).toBeNull();
    },
  );

  it("in ascending order passes over none while the oldest are pruned", async () => {
    const { org: pruned } = await makeShardOrg();
    await manySamples(pruned, { count: 51_000, endMs, gapMs: GAP_MS });
    const oldest = endMs - 51_000 * GAP_MS;
    const last = invocation({ started_at: endMs, actor: "last" });
    await store({ org: pruned, generation: 1, seriesMax: 1, seriesLabelBytesMax: 1 }, [last]);
    const none = { hoursBefore: 0, daysBefore: 0, minutesBefore: 0, quartersBefore: 0 };
    const cutoffs = { samplesBeforeMs: oldest + 2_000 * GAP_MS, ...none };
    const ids = await readAll(pruned, { actor: "last" }, "asc", 50, async () => {
      await pruneOnce(db, pruned, cutoffs);
    });
    expect(ids).toEqual([last.id]);
  });
});

describe("The list of calls", () => {
  it("is a plain count of them, whatever is asked for and however far their ids are off", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    const random = seeded(12);
    const calls = Array.from({ length: 400 }, () => randomCall(random, nowMs, SPAN_MS));
    await store(org, calls);
    for (let at = 0; at < 80; at += 1) {
      const filter = randomFilter(random, nowMs, SPAN_MS);
      const order = pick(random, ["desc", "asc"] as const);
      const asked = calls.filter((call) => isAskedFor(call, filter));
      const told = new Set<string>();
      const ids = await readAll(org.org, filter, order, pick(random, [7, 400]), (read) => {
        for (const { id } of read.calls) told.add(id);
        const { scannedToMs } = read;
        const covered = asked.filter(
          ({ startedAtMs }) =>
            scannedToMs === null ||
            (order === "desc" ? startedAtMs >= scannedToMs : startedAtMs < scannedToMs),
        );
        expect(
          covered.filter(({ id }) => !told.has(id)),
          JSON.stringify({ filter, order }),
        ).toEqual([]);
      });
      const expected = inOrder(
        asked.map(({ id }) => id),
        order,
      );
      expect(ids, JSON.stringify({ filter, order })).toEqual(expected);
    }
  });

  it.each(["desc", "asc"] as const)(
    "has each call once, and all that were there, while others come, %s",
    async (order) => {
      const org = await makeShardOrg();
      const nowMs = Date.now();
      const random = seeded(order === "desc" ? 1 : 2);
      const calls = Array.from({ length: 200 }, () => randomCall(random, nowMs, SPAN_MS));
      await store(org, calls);
      const filter = { fromMs: nowMs - SPAN_MS / 2, toMs: nowMs - MINUTE_MS };
      const ids = await readAll(org.org, filter, order, 9, async () => {
        await store(
          org,
          Array.from({ length: 5 }, () => randomCall(random, nowMs, SPAN_MS)),
        );
      });
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(inOrder(ids, order));
      const there = calls.filter((call) => isAskedFor(call, filter)).map(({ id }) => id);
      expect(there.filter((id) => !ids.includes(id))).toEqual([]);
    },
  );
});
