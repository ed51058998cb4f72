import { describe, expect, it } from "vitest";
import { countedBytes } from "#orgs/space/counted-bytes.ts";
import { pruneSpansOnce } from "#otlp/store/prune-spans.ts";
import { findSpanBytes, SPAN_ROW_BYTES } from "#otlp/store/span-bytes.ts";
import { keepSpans } from "#otlp/store/spans.ts";
import type { TraceSpan } from "#tracing/trace-span.ts";
import { db, makeShardOrg } from "../../harness/shard-org.ts";
import { newHex } from "../http/otlp.ts";

const NOW_MS = Date.now();

function spans(count: number): TraceSpan[] {
  return Array.from({ length: count }, () => ({
    traceId: newHex(32),
    spanId: newHex(16),
    parentSpanId: null,
    name: "GET /repos",
    kind: 3,
    start: { ms: NOW_MS - 1_000, nanos: 0 },
    end: { ms: NOW_MS - 900, nanos: 0 },
    status: 0,
    attributes: new Map(),
    service: "github",
  }));
}

async function storedBytes(org: string): Promise<number> {
  const select = `SELECT total(octet_length(traces) + octet_length(payload) + ${SPAN_ROW_BYTES}) AS n
    FROM spans WHERE org = ?1`;
  return (await db.prepare(select).bind(org).first<number>("n")) ?? 0;
}

describe("The bytes of an org's spans", () => {
  it("are exact for rows of a unit and more, resent or not, and nothing once all are pruned", async () => {
    const org = await makeShardOrg();
    const sent = [spans(500), spans(800)];
    for (const some of [...sent, ...sent]) await keepSpans(db, org, some, NOW_MS);
    expect(await findSpanBytes(db, org.org)).toBe(await storedBytes(org.org));
    await pruneSpansOnce(db, org.org, NOW_MS + 1);
    expect([await storedBytes(org.org), await findSpanBytes(db, org.org)]).toEqual([0, 0]);
  });

  it("of small rows are right on the average of all chances, whatever the row's size", () => {
    for (const bytes of [1, 700, 5_000, 16_383, 16_384, 100_000]) {
      const chances = Array.from({ length: 16_384 }, (_, index) => index / 16_384);
      const sum = chances.reduce((total, chance) => total + countedBytes(bytes, chance), 0);
      expect(sum / chances.length).toBeCloseTo(bytes, 6);
    }
  });
});
