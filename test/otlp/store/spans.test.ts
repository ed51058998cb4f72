import { describe, expect, it } from "vitest";
import { findCallsOfTrace } from "#calls/store/calls-of-trace.ts";
import { insertReports } from "#calls/store/insert-calls.ts";
import "#capabilities.ts";
import { eraseOnce } from "#orgs/store/erase.ts";
import { deleteShardOrg } from "#orgs/store/shard-orgs.ts";
import { PRUNE_SPAN_ROWS_MAX, pruneSpansOnce } from "#otlp/store/prune-spans.ts";
import { TRACE_SPANS_MAX } from "#otlp/store/span-rows.ts";
import { findSpans, keepSpans } from "#otlp/store/spans.ts";
import type { TraceSpan } from "#tracing/trace-span.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { LimitedD1 } from "../../harness/limited-d1.ts";
import { countRows, db, header, invocation, makeShardOrg } from "../../harness/shard-org.ts";
import { newHex } from "../http/otlp.ts";

const NOW_MS = Date.now();
const AROUND = { fromMs: NOW_MS - 60_000, toMs: NOW_MS + 60_000 };

function span(given: Partial<TraceSpan> = {}): TraceSpan {
  return {
    traceId: newHex(32),
    spanId: newHex(16),
    parentSpanId: newHex(16),
    name: "GET /repos",
    kind: 3,
    start: { ms: NOW_MS - 1_000, nanos: 1 },
    end: { ms: NOW_MS - 900, nanos: 999_999 },
    status: 2,
    attributes: new Map([["http.request.method", "GET"]]),
    service: "github",
    ...given,
  };
}

describe("keepSpans", () => {
  it("keeps a span as it was, to the nanosecond", async () => {
    const org = await makeShardOrg();
    const kept = [span(), span({ parentSpanId: null, service: null, attributes: new Map() })];
    await keepSpans(db, org, [...kept, span()], NOW_MS);
    for (const one of kept)
      expect(await findSpans(db, org.org, one.traceId, AROUND)).toEqual([one]);
  });

  it("writes a row, whatever the number of traces, and one that counts it; none for the same spans again", async () => {
    const org = await makeShardOrg();
    const billed = new BilledRows();
    const spans = Array.from({ length: 500 }, () => span());
    await keepSpans(billed.counting(db), org, spans, NOW_MS);
    expect(billed.take().rowsWritten).toBe(2);
    await Promise.all([1, 2, 3].map(() => keepSpans(billed.counting(db), org, spans, NOW_MS)));
    expect(billed.take().rowsWritten).toBe(0);
  });

  it("finds a span that was sent twice in other company once", async () => {
    const org = await makeShardOrg();
    const twice = span();
    await keepSpans(db, org, [twice, span()], NOW_MS);
    await keepSpans(db, org, [span(), twice], NOW_MS);
    expect(await findSpans(db, org.org, twice.traceId, AROUND)).toEqual([twice]);
  });

  it("keeps a bounded number of a trace's spans, and of their names and attributes", async () => {
    const org = await makeShardOrg();
    const traceId = newHex(32);
    const wide = { traceId, name: "\u{1F600}".repeat(500), service: "\0".repeat(500) };
    const attributes = new Map([
      ["http.route", "\ud800".repeat(500)],
      ["db.query.text", "SELECT secret"],
    ]);
    const spans = Array.from({ length: 2_000 }, () => span({ ...wide, attributes }));
    await keepSpans(new LimitedD1(db).database, org, spans, NOW_MS);
    const found = await findSpans(db, org.org, traceId, AROUND);
    expect(found.length).toBeGreaterThan(50);
    expect(found.length).toBeLessThanOrEqual(TRACE_SPANS_MAX);
    expect([...(found[0]?.attributes.keys() ?? [])]).toEqual(["http.route"]);
    expect(found[0]?.name.length).toBeLessThanOrEqual(128);
  });

  it("splits what is too large to bind, and finds all of it", async () => {
    const org = await makeShardOrg();
    const spans = Array.from({ length: 6_000 }, () => span({ name: "\u{1F600}".repeat(64) }));
    await keepSpans(new LimitedD1(db).database, org, spans, NOW_MS);
    expect(await countRows(org.org, "spans")).toBeGreaterThan(1);
    for (const index of [0, 3_000, 5_999]) {
      const { traceId } = spans[index]!;
      expect(await findSpans(db, org.org, traceId, AROUND)).toHaveLength(1);
    }
  });

  it("leaves out what is too old, in the future, or has no ids", async () => {
    const org = await makeShardOrg();
    const ends = [NOW_MS - 25 * 3_600_000, NOW_MS + 600_000, 0, 2 ** 47];
    const spans = ends.map((ms) => span({ end: { ms, nanos: 0 } }));
    await keepSpans(db, org, [...spans, span({ traceId: "" }), span({ spanId: "" })], NOW_MS);
    await keepSpans(db, org, [], NOW_MS);
    expect(await countRows(org.org, "spans")).toBe(0);
  });

  it("writes nothing for an org that was deleted or moved", async () => {
    const org = await makeShardOrg();
    await keepSpans(db, { ...org, generation: 2 }, [span()], NOW_MS);
    await deleteShardOrg(db, org.org);
    await keepSpans(db, org, [span()], NOW_MS);
    expect(await countRows(org.org, "spans")).toBe(0);
  });

  it("shows no org another's spans, and no trace those of one with the same last digits", async () => {
    const [org, other] = [await makeShardOrg(), await makeShardOrg()];
    const mine = span();
    const alike = span({ traceId: `${newHex(24)}${mine.traceId.slice(-8)}` });
    await keepSpans(db, org, [mine], NOW_MS);
    await keepSpans(db, org, [alike], NOW_MS);
    await keepSpans(db, other, [span({ traceId: mine.traceId })], NOW_MS);
    expect(await findSpans(db, org.org, mine.traceId, AROUND)).toEqual([mine]);
  });

  it("leave with the samples of their time, in bounded steps, and with their org", async () => {
    const org = await makeShardOrg();
    const old = { ms: NOW_MS - 20 * 3_600_000, nanos: 0 };
    await keepSpans(db, org, [span({ end: old })], NOW_MS);
    await keepSpans(db, org, [span()], NOW_MS);
    const beforeMs = NOW_MS - 10 * 3_600_000;
    expect(await pruneSpansOnce(db, org.org, beforeMs)).toBe(true);
    expect(await countRows(org.org, "spans")).toBe(1);
    for (let row = 0; row < PRUNE_SPAN_ROWS_MAX; row += 1) {
      await keepSpans(db, org, [span({ end: old })], NOW_MS);
    }
    expect(await pruneSpansOnce(db, org.org, beforeMs)).toBe(false);
    expect(await pruneSpansOnce(db, org.org, beforeMs)).toBe(true);
    await deleteShardOrg(db, org.org);
    while (!(await eraseOnce(db, org.org)));
    expect(await countRows(org.org, "spans")).toBe(0);
  });
});

describe("findCallsOfTrace", () => {
  it("finds the trace's samples of the time, and no other's", async () => {
    const org = await makeShardOrg();
    const traceId = newHex(32);
    const ofTrace = Array.from({ length: 3 }, () => invocation({ trace_id: traceId }));
    const later = invocation({ trace_id: traceId, started_at: NOW_MS - 3_600_000 });
    const calls = [...ofTrace, later, invocation()];
    await insertReports(db, org, [{ header: header(), calls }]);
    const found = await findCallsOfTrace(db, org.org, traceId, AROUND);
    expect(new Set(found.map(({ id }) => id))).toEqual(new Set(ofTrace.map(({ id }) => id)));
    expect(await findCallsOfTrace(db, "another", traceId, AROUND)).toEqual([]);
  });
});
