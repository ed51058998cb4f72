import { describe, expect, it } from "vitest";
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import type { OtlpEncoding } from "#formats/otlp/trace-model.ts";
import { mutations } from "../../formats/otlp/mutations.ts";
import { scrape } from "../../harness/calls.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { callSpan, gzip, JSON_TYPE, otherSpan, PROTOBUF, resourceSpans, sendBody } from "./otlp.ts";

const span = callSpan({ status: { code: 2, message: "boom" } });
const traces = [resourceSpans([span, otherSpan(span), callSpan({ kind: 3 })])];
const TYPES: Record<OtlpEncoding, string> = { protobuf: PROTOBUF, json: JSON_TYPE };

/** Of the slowest request; a hang fails the test by its time. */
async function sendAll(org: string, bodies: Iterable<Uint8Array>, headers: Record<string, string>) {
  const statuses = new Map<number, number>();
  let slowestMs = 0;
  for (const body of bodies) {
    const startedAt = performance.now();
    const response = await sendBody(org, body, headers);
    await response.arrayBuffer();
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  }
  return { statuses, slowestMs };
}

describe("damaged OTLP bodies", () => {
  it.each(["protobuf", "json"] as const)(
    "1,000 of %s are each taken or refused",
    async (encoding) => {
      const org = await makeOrg();
      const bodies = mutations(encodeTraces(traces, encoding), 1_000);
      const headers = { "content-type": TYPES[encoding] };
      const { statuses } = await sendAll(org, bodies, headers);
      expect([...statuses.keys()].filter((status) => ![200, 400, 413].includes(status))).toEqual(
        [],
      );
      expect(statuses.get(400)).toBeGreaterThan(100);
      // What was taken of them is still readable.
      expect(await scrape(org)).toContain("mcpg_tool_calls_total");
    },
  );

  it.each(["protobuf", "json"] as const)("gzip of %s, damaged, is refused", async (encoding) => {
    const org = await makeOrg();
    const bodies = mutations(await gzip(encodeTraces(traces, encoding)), 300);
    const headers = { "content-type": TYPES[encoding], "content-encoding": "gzip" };
    const { statuses } = await sendAll(org, bodies, headers);
    const expected = (status: number) => [200, 400, 413].includes(status);
    expect([...statuses.keys()].filter((status) => !expected(status))).toEqual([]);
  });

  it("a bomb of any kind costs what its bytes do", async () => {
    const org = await makeOrg();
    const text = (value: string) => new TextEncoder().encode(value);
    const nested = (open: string, close: string, depth: number) =>
      text(
        `{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":${open.repeat(depth)}${close.repeat(depth)}}]}}]}`,
      );
    const json = [
      nested('{"arrayValue":{"values":[', "]}}", 100_000),
      nested('{"kvlistValue":{"values":[{"key":"a","value":', "}]}}", 50_000),
      text("[".repeat(4_000_000)),
      text(`{"resourceSpans":[${'{"scopeSpans":[{"spans":[{}]}]},'.repeat(100_000)}{}]}`),
      text(`{"resourceSpans":[{"scopeSpans":[{"spans":[${"{},".repeat(1_000_000)}{}]}]}]}`),
    ];
    // resource_spans = 1 in itself, and empty spans: resource_spans > scope_spans = 2 > spans = 2
    const emptySpans = new Uint8Array(4_000_000).fill(0).map((_, at) => (at % 2 === 0 ? 0x12 : 0));
    const protobuf = [
      new Uint8Array(4_000_000).fill(0x0a),
      new Uint8Array(4_000_000).fill(0x0b),
      new Uint8Array(4_000_000).fill(0xff),
      lengthDelimited(0x0a, lengthDelimited(0x12, emptySpans)),
    ];
    const ofJson = await sendAll(org, json, { "content-type": JSON_TYPE });
    const ofProtobuf = await sendAll(org, protobuf, { "content-type": PROTOBUF });
    for (const { statuses, slowestMs } of [ofJson, ofProtobuf]) {
      expect([...statuses.keys()].filter((status) => ![200, 400, 413].includes(status))).toEqual(
        [],
      );
      expect(slowestMs).toBeLessThan(5_000);
    }
  });
});

function lengthDelimited(tag: number, payload: Uint8Array): Uint8Array {
  const header = [tag];
  for (let rest = payload.length; ; rest >>>= 7) {
    header.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  return bytes;
}
