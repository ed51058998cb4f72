import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReportHeader } from "#calls/arrival.ts";
import type { Call } from "#calls/call.ts";
import { insertStatements } from "#calls/store/insert-statements.ts";
import { newId } from "../../harness/new-id.ts";
import { db, header, invocation, makeShardOrg } from "../../harness/shard-org.ts";

const HOUR_MS = 3_600_000;

/** What a JSON path, a cast or an affinity might take for something else. */
const ODD = ["1", "1.0", " 1 ", "1e400", "true", "null", "[1]", '{"a":1}', "", "'\"\\\n\u2028"];
const text = fc.oneof(
  fc.constantFrom(...ODD, "9007199254740993", "\u{1F600}".repeat(300), "x".repeat(70_000)),
  fc.string({ unit: "grapheme", maxLength: 40 }),
);
const number = fc.oneof(fc.constantFrom(0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER), fc.nat());
const orNull = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 2 });

const NAMES = ["traceId", "spanId", "sessionId", "requestId", "parentSpanId", "actor"] as const;
const ERRORS = ["errorCode", "errorHash", "errorFingerprint"] as const;
const SIZES = ["requestBytes", "responseBytes"] as const;
const NULLABLE = [...NAMES, ...ERRORS, ...SIZES];

const span = fc.record({
  instance: text,
  side: fc.constantFrom("server" as const, "client" as const),
  receivedAtMs: fc.nat(HOUR_MS).map((ms) => Date.now() + ms),
});
const fields = fc.record({
  ...{ workspace: text, plugin: text, tool: text, span: orNull(span) },
  ...Object.fromEntries([...NAMES, ...ERRORS].map((name) => [name, orNull(text)])),
  ...Object.fromEntries(SIZES.map((name) => [name, orNull(number)])),
});

/** `absent`: fields that no call of the report has. */
const report = fc.record({
  calls: fc.array(fields, { maxLength: 8 }),
  absent: fc.subarray(NULLABLE),
  instance: text,
  hasPayloads: fc.boolean(),
});

type Given = typeof report extends fc.Arbitrary<infer Value> ? Value : never;

interface MadeReport {
  header: ReportHeader;
  calls: Call[];
  rowOf: ReadonlyMap<string, string>;
}

function made({ calls, absent, instance, hasPayloads }: Given): MadeReport {
  const none = Object.fromEntries(absent.map((name) => [name, null]));
  const all = calls.map((given) => ({ ...invocation(), ...given, ...none, id: newId() }) as Call);
  const kept = all.filter((_, at) => hasPayloads && at % 2 === 1);
  return {
    header: header({ instance }),
    calls: all,
    rowOf: new Map(kept.map(({ id }) => [id, `row-${id}`])),
  };
}

function rowOf(call: Call, { header, rowOf }: MadeReport, receivedAtMs: number) {
  const { span } = call;
  return {
    id: call.id,
    workspace: call.workspace,
    plugin: call.plugin,
    tool: call.tool,
    instance: span?.instance ?? header.instance,
    started_at_ms: call.startedAtMs,
    duration_us: call.durationUs,
    outcome: call.outcome,
    ingested_at_ms: span?.receivedAtMs ?? receivedAtMs,
    actor: call.actor,
    trace_id: call.traceId,
    span_id: call.spanId,
    session_id: call.sessionId,
    request_id: call.requestId,
    request_bytes: call.requestBytes,
    response_bytes: call.responseBytes,
    error_code: call.errorCode,
    error_hash: call.errorHash,
    error_fingerprint: call.errorFingerprint,
    parent_span_id: call.parentSpanId,
    is_caller: span === null || span.side === "server" ? 0 : 1,
    counted_as: null,
    payload_row: rowOf.get(call.id) ?? null,
  };
}

async function storeAndRead(reports: readonly MadeReport[]): Promise<unknown[]> {
  const org = await makeShardOrg();
  const given = reports.map(({ header, calls, rowOf }) => ({
    header,
    calls,
    payloads: { discarded: 0, rowsOf: () => ({ writes: [], rowOf }) },
  }));
  await db.batch(insertStatements(db, org, given));
  const select = "SELECT * FROM tool_invocations WHERE org = ?1 ORDER BY id";
  const { results } = await db.prepare(select).bind(org.org).all();
  return results.map(({ org: _, ...row }) => row);
}

function expectedRows(reports: readonly MadeReport[]): unknown[] {
  const receivedAtMs = Math.max(...reports.map(({ header }) => header.receivedAtMs));
  return reports
    .flatMap((report) => report.calls.map((call) => rowOf(call, report, receivedAtMs)))
    .sort((left, right) => (left.id < right.id ? -1 : 1));
}

describe("The rows of a report", () => {
  it("have each call's fields as they are, whichever the other calls have, of spans and samples", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(report, { minLength: 1, maxLength: 4 }), async (given) => {
        const reports = given.map(made);
        expect(await storeAndRead(reports)).toEqual(expectedRows(reports));
      }),
      { numRuns: 100 },
    );
  });

  it("are the same of a report whose rows take several statements, the last alone with a session", async () => {
    const calls = Array.from({ length: 1_000 }, (_, at) => ({
      ...invocation(),
      id: newId(),
      workspace: "\u{1F600}".repeat(700) + at,
      sessionId: at === 999 ? "s" : null,
    }));
    const reports = [{ header: header(), calls, rowOf: new Map<string, string>() }];
    expect(await storeAndRead(reports)).toEqual(expectedRows(reports));
  });
});
