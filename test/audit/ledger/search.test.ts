import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { AuditEvent } from "#audit/audit-event.ts";
import type { LogAddress } from "#audit/audit-log.ts";
import { ANY_EVENT, type AuditFilter, type EntryOrder } from "#audit/entry-filter.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { newId } from "../../harness/new-id.ts";
import { announce, runAlarms, termsAt } from "./run-pruning.ts";
import {
  append,
  inLedger,
  ledgerOf,
  makeEvent,
  makeEvents,
  newLog,
  newLogOf,
  sign,
  storedBodies,
} from "./test-log.ts";

const DAY_MS = 86_400_000;

type Stored = AuditEvent & { recorded_at: string };

interface Asked {
  limit?: number;
  order?: EntryOrder;
  between?: () => Promise<void>;
}

/** All pages, each of at most `limit`: the seqs in the order they came. */
async function searchAll(
  log: LogAddress,
  filter: Partial<AuditFilter>,
  { limit = 100, order = "desc", between = async () => {} }: Asked = {},
): Promise<number[]> {
  const seqs: number[] = [];
  for (let behind: number | null = null; ; ) {
    const bounds = { behind, limit, order };
    const page = await ledgerOf(log).search({ ...ANY_EVENT, ...filter }, bounds);
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    seqs.push(...page.entries.map(({ seq }) => seq));
    if (page.end === null) return seqs;
    behind = page.end;
    await between();
  }
}

async function storedEvents(log: LogAddress): Promise<Stored[]> {
  const text = new TextDecoder();
  return (await storedBodies(log)).map((body) => JSON.parse(text.decode(body)));
}

/** In words of its own: every entry is looked at, and none of the indexes. */
function modelled(
  events: readonly Stored[],
  filter: Partial<AuditFilter>,
  order: EntryOrder = "desc",
): number[] {
  const seqs: number[] = [];
  for (const [seq, event] of events.entries()) {
    const time = Date.parse(event.occurred_at ?? event.recorded_at);
    const tests: [unknown, boolean][] = [
      [filter.action, event.action === filter.action],
      [filter.actionPrefix, event.action.indexOf(filter.actionPrefix ?? "") === 0],
      [filter.actor, event.actor === filter.actor],
      [filter.instance, event.instance_id === filter.instance],
      [filter.outcome, event.outcome === filter.outcome],
      [filter.requestId, event.request_id === filter.requestId],
      [filter.traceId, event.trace_id === filter.traceId],
      [filter.invocationId, event.invocation_id === filter.invocationId],
      [filter.target, event.target === filter.target],
      [filter.workspace, event.workspace === filter.workspace],
      [filter.fromSeq, seq >= (filter.fromSeq ?? 0)],
      [filter.from, time >= Date.parse(filter.from ?? "")],
      [filter.to, time < Date.parse(filter.to ?? "")],
    ];
    if (tests.every(([asked, holds]) => asked == null || holds)) seqs.push(seq);
  }
  return order === "asc" ? seqs : seqs.reverse();
}

const ACTIONS = [
  "tool.call.allowed",
  "tool.call.denied",
  "tool.list",
  "toolbox.x",
  "plugin.loaded",
];
const OUTCOMES = ["allowed", "denied", "deferred", "error"] as const;
const pick = <Item>(items: readonly Item[], at: number) => items[at % items.length]!;
const TRACES = ["a", "b"].map((digit) => digit.repeat(32));
const INVOCATIONS = [newId(), newId()];
const TARGETS = ["tool://github/list_repos", "tool://github/delete_repo", "plugin://github"];
const WORKSPACES = ["prod", "dev"];

/** Of 900 entries whose times of occurrence lie anywhere in 40 days, in whatever order. */
function variedEvents(nowMs: number): AuditEvent[] {
  return Array.from({ length: 900 }, (_, at) => {
    const spread = (at * 7_919) % 1_000;
    return makeEvent({
      action: pick(ACTIONS, spread),
      actor: `user:${spread % 4}`,
      instance_id: `gw-${spread % 3}`,
      outcome: pick(OUTCOMES, spread % 7),
      request_id: spread % 5 === 0 ? `r-${spread % 10}` : null,
      trace_id: spread % 6 === 0 ? pick(TRACES, spread) : null,
      invocation_id: spread % 8 === 0 ? pick(INVOCATIONS, spread / 8) : null,
      target: pick([null, ...TARGETS], spread),
      workspace: pick([null, ...WORKSPACES], spread),
      occurred_at: at % 4 === 0 ? null : formatTimestamp(nowMs - spread * 0.04 * DAY_MS),
    });
  });
}

describe("Searching a log", () => {
  let log: LogAddress;
  let events: Stored[];
  const nowMs = Date.now();

  beforeAll(async () => {
    log = await newLog();
    await append(log, variedEvents(nowMs));
    events = await storedEvents(log);
  });

  const maybe = <Value>(...values: Value[]) => fc.option(fc.constantFrom(...values), { freq: 2 });
  const time = fc.option(
    fc.integer({ min: -45, max: 2 }).map((days) => formatTimestamp(nowMs + days * DAY_MS)),
  );
  const filters: fc.Arbitrary<AuditFilter> = fc.record({
    action: maybe(...ACTIONS, "absent"),
    actionPrefix: maybe("tool", "tool.", "tool.call", "t", "plugin.loaded", "x", "tool%"),
    actor: maybe("user:0", "user:3", "user:9"),
    instance: maybe("gw-0", "gw-2", "gw-7"),
    outcome: maybe(...OUTCOMES),
    requestId: maybe("r-0", "r-5", "r-1"),
    traceId: maybe(...TRACES),
    invocationId: maybe(...INVOCATIONS),
    target: maybe(...TARGETS, "tool://github"),
    workspace: maybe(...WORKSPACES, "prod "),
    fromSeq: fc.option(fc.integer({ min: 0, max: 950 }), { freq: 3 }),
    from: time,
    to: time,
  });
  const orders = fc.constantFrom<EntryOrder>("desc", "asc");

  it("finds what looking at every entry finds, in any combination, either order and by any page length", async () => {
    const property = fc.asyncProperty(
      filters,
      orders,
      fc.integer({ min: 1, max: 400 }),
      async (filter, order, limit) => {
        const found = await searchAll(log, filter, { limit: Math.max(limit, 20), order });
        expect(found).toEqual(modelled(events, filter, order));
      },
    );
    await fc.assert(property, { numRuns: 160 });
  });

  it("finds the same while some of the postings are not made yet", async () => {
    const old = await newLog();
    await append(old, variedEvents(nowMs));
    await inLedger(old, (sql) =>
      sql.exec("UPDATE bundles SET postings = NULL WHERE idx IN (1, 3)"),
    );
    const stored = await storedEvents(old);
    const property = fc.asyncProperty(filters, orders, async (filter, order) => {
      expect(await searchAll(old, filter, { order })).toEqual(modelled(stored, filter, order));
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it("finds by each field alone what looking at every entry finds", async () => {
    const alone: Partial<AuditFilter>[] = [
      ...ACTIONS.map((action) => ({ action })),
      ...["tool", "tool.", "tool.call", "plugin", ""].map((actionPrefix) => ({ actionPrefix })),
      ...OUTCOMES.map((outcome) => ({ outcome })),
      { actor: "user:2" },
      { instance: "gw-1" },
      { requestId: "r-5" },
      { traceId: TRACES[0]! },
      { invocationId: INVOCATIONS[1]! },
      { target: TARGETS[1]! },
      { workspace: "dev" },
      { fromSeq: 600 },
      { from: formatTimestamp(nowMs - 3 * DAY_MS) },
      { to: formatTimestamp(nowMs - 35 * DAY_MS) },
      { from: formatTimestamp(nowMs - 20 * DAY_MS), to: formatTimestamp(nowMs - 19 * DAY_MS) },
    ];
    for (const filter of alone) {
      const expected = modelled(events, filter);
      expect(expected.length).toBeGreaterThan(0);
      expect(await searchAll(log, filter)).toEqual(expected);
      expect(await searchAll(log, filter, { order: "asc" })).toEqual(expected.toReversed());
    }
  });

  it("gives each entry once on pages of 1 to 7", async () => {
    const filter = { actionPrefix: "tool.", from: formatTimestamp(nowMs - 2 * DAY_MS) };
    for (let limit = 1; limit <= 7; limit += 1) {
      for (const order of ["desc", "asc"] as const) {
        const expected = modelled(events, filter, order);
        expect(await searchAll(log, filter, { limit, order })).toEqual(expected);
      }
    }
  });
});

describe("Searching", () => {
  it("by prefix merges more actions than it has an index seek for", async () => {
    const log = await newLog();
    const sent = Array.from({ length: 620 }, (_, at) => makeEvent({ action: `bulk.a${at % 310}` }));
    await append(log, [
      ...sent,
      ...makeEvents(50),
      ...sent.map((event) => ({ ...event, event_id: makeEvent().event_id })),
    ]);
    const events = await storedEvents(log);
    for (const actionPrefix of ["bulk.", "bulk.a1", "bulk.a309", "b"]) {
      const found = await searchAll(log, { actionPrefix });
      expect(found).toEqual(modelled(events, { actionPrefix }));
    }
  });

  it("gives an entry once though its request's and its trace's id share a fingerprint", async () => {
    const log = await newLog();
    const ids = { request_id: "r17247750e", trace_id: "a".repeat(32) };
    await append(log, makeEvents(2, ids));
    for (const limit of [1, 100]) {
      for (const filter of [{ traceId: ids.trace_id }, { requestId: ids.request_id }]) {
        expect(await searchAll(log, filter, { limit })).toEqual([1, 0]);
        expect(await searchAll(log, filter, { limit, order: "asc" })).toEqual([0, 1]);
      }
    }
  });

  it("by time passes over the bundles that hold none of it, and misses nothing", async () => {
    const log = await newLog();
    const nowMs = Date.now();
    const at = (day: number) => formatTimestamp(nowMs - (700 - day) * 0.01 * DAY_MS);
    // In order but for one late entry in each bundle.
    const times = Array.from({ length: 700 }, (_, seq) => (seq % 256 === 100 ? at(3) : at(seq)));
    await append(
      log,
      times.map((occurred_at) => makeEvent({ occurred_at })),
    );
    const events = await storedEvents(log);
    for (const [from, to] of [
      [0, 2],
      [0, 10],
      [2, 4],
      [250, 260],
      [300, 301],
      [500, 520],
      [690, 900],
    ] as const) {
      for (const filter of [{ from: at(from) }, { to: at(to) }, { from: at(from), to: at(to) }]) {
        expect(await searchAll(log, filter)).toEqual(modelled(events, filter));
      }
    }
    expect(await searchAll(log, { to: at(0) })).toEqual([]);
  });

  it("is stable while others append: what was there comes once, what is new does not", async () => {
    const log = await newLog();
    await append(log, makeEvents(60, { actor: "user:a" }));
    for (const filter of [{}, { actor: "user:a" }, { actionPrefix: "tool." }]) {
      const there = (await storedEvents(log)).map((_, seq) => seq).reverse();
      const between = async () => {
        await append(log, makeEvents(7, { actor: "user:a" }));
      };
      expect(await searchAll(log, filter, { limit: 13, between })).toEqual(there);
    }
  });

  it("oldest first gives what was there once, and then what came while it was read", async () => {
    const log = await newLog();
    await append(log, makeEvents(60, { actor: "user:a" }));
    for (const filter of [{}, { actor: "user:a" }, { actionPrefix: "tool." }]) {
      let appends = 0;
      const between = async () => {
        appends += 1;
        if (appends <= 3) await append(log, makeEvents(7, { actor: "user:a" }));
      };
      const found = await searchAll(log, filter, { limit: 13, order: "asc", between });
      expect(found).toEqual((await storedEvents(log)).map((_, seq) => seq));
    }
  });

  it("by an id, a seq or an actor looks at no entry besides, however long the log", async () => {
    const log = await newLog();
    const invocation_id = newId();
    const ids = { invocation_id, request_id: "r-1", trace_id: "c".repeat(32) };
    await append(log, [
      ...makeEvents(2_100),
      makeEvent({ ...ids, actor: "user:bob" }),
      ...makeEvents(2_100),
    ]);
    const page = { behind: null, limit: 10 };
    const filters: Partial<AuditFilter>[] = [
      { invocationId: invocation_id },
      { requestId: "r-1" },
      { traceId: ids.trace_id },
      { actor: "user:bob" },
    ];
    for (const order of ["desc", "asc"] as const) {
      for (const filter of filters) {
        const found = await ledgerOf(log).search({ ...ANY_EVENT, ...filter }, { ...page, order });
        expect([found.entries.map(({ seq }) => seq), found.end]).toEqual([[2_100], null]);
      }
    }
    const from = await ledgerOf(log).search(
      { ...ANY_EVENT, fromSeq: 4_195 },
      { ...page, order: "asc" },
    );
    expect([from.entries.map(({ seq }) => seq), from.end]).toEqual([
      [4_195, 4_196, 4_197, 4_198, 4_199, 4_200],
      null,
    ]);
  });

  it("goes on by its cursor where a page looked at all it may and found nothing", async () => {
    const log = await newLog();
    await append(log, [makeEvent({ outcome: "allowed" })]);
    await append(log, makeEvents(2_100, { outcome: "error" }));
    // An index leads to the action alone: each of its entries has to be looked at.
    const filter = { action: "tool.call.allowed", outcome: "allowed" };
    const page = await ledgerOf(log).search(
      { ...ANY_EVENT, ...filter },
      { behind: null, limit: 10 },
    );
    expect(page).toEqual({ entries: [], end: 101, cutBy: null });
    expect(await searchAll(log, filter)).toEqual([0]);
  });

  it("ends a page before it is too large to answer, and loses nothing by it", async () => {
    const log = await newLog();
    await append(log, makeEvents(200, { details: { text: "x".repeat(60_000) } }));
    const page = await ledgerOf(log).search(ANY_EVENT, { behind: null, limit: 1_000 });
    expect(page.entries.length).toBeLessThan(100);
    expect(await searchAll(log, {}, { limit: 1_000 })).toHaveLength(200);
  });

  it("ends a page where it has looked at as much text as it may, though it found nothing", async () => {
    const log = await newLog();
    const large = { details: { text: "x".repeat(60_000) } };
    await append(log, makeEvents(100, { ...large, action: "policy.reviewed", outcome: "denied" }));
    const page = await ledgerOf(log).search(
      { ...ANY_EVENT, outcome: "allowed" },
      { behind: null, limit: 10 },
    );
    expect(page.entries).toEqual([]);
    expect(page.end).toBeGreaterThan(25);
  });

  it("leaves out what is pruned, before it is deleted and after", async () => {
    const log = await newLogOf(300);
    try {
      // An hour ahead, so that the alarm that deletes does not go off by itself.
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
      await announce(log, { ...termsAt(Date.now() + DAY_MS, 0), overdueBefore: "" });
      await sign(log);
      for (const isDeleted of [false, true]) {
        expect(await storedBodies(log)).toHaveLength(isDeleted ? 45 : 301);
        const all = { to: formatTimestamp(Date.now() + DAY_MS) };
        for (const filter of [{}, { actor: "user:alice@acme" }, { actionPrefix: "tool." }, all]) {
          const found = await searchAll(log, filter);
          expect(found.at(-1)).toBe(256);
        }
        await runAlarms(log);
      }
    } finally {
      vi.useRealTimers();
    }
  });
});
