/** The largest bodies that are taken: what a route costs at its worst, with nothing wrong about it. */
import { randomUUID } from "node:crypto";
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import type { AttributeValue, OtlpEncoding, Span } from "#formats/otlp/trace-model.ts";
import { hex } from "../../harness/load.ts";
import { newId } from "../../harness/new-id.ts";
import { MIB } from "./worst-request.ts";

const REPORT_BYTES_MAX = 4 * MIB - 65_536;
export const ONE_ACTOR = "user:alice@acme";

/** 64 events of 60 KB, each with as many details as fit. */
export function largestEvents(): string {
  const detail = (at: number) => [`k${at}`, null] as const;
  const details = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => detail(at)));
  const event = () => ({ event_id: randomUUID(), actor: ONE_ACTOR, action: "policy.reviewed" });
  const events = Array.from({ length: 64 }, () => ({ ...event(), outcome: "allowed", details }));
  return JSON.stringify({ instance_id: "gw-1", events });
}

/** The same, of which the last is refused. */
export function largestRefusedEvents(): string {
  const report = largestEvents();
  const last = report.lastIndexOf('"allowed"');
  return `${report.slice(0, last)}"maybe"${report.slice(last + 9)}`;
}

/** 64 events with one long text each, of which every character has to be composed. */
export function longestEvents(): string {
  const text = "e\u0301".repeat(20_000);
  const event = () => ({ event_id: randomUUID(), actor: ONE_ACTOR, action: "policy.reviewed" });
  const events = Array.from({ length: 64 }, () => ({
    ...event(),
    outcome: "allowed",
    details: { text },
  }));
  return JSON.stringify({ instance_id: "gw-1", events });
}

export function mostEvents(): string {
  const event = () => ({ event_id: randomUUID(), actor: ONE_ACTOR, action: "policy.reviewed" });
  const details = Object.fromEntries(Array.from({ length: 900 }, (_, at) => [`key${at}`, true]));
  const events = Array.from({ length: 256 }, () => ({ ...event(), outcome: "allowed", details }));
  return JSON.stringify({ instance_id: "gw-1", events });
}

function sample(fields: object) {
  const started_at = Date.now();
  return {
    id: newId(started_at),
    workspace: "w",
    plugin: "p",
    tool: "t",
    started_at,
    duration_ms: 1 + Math.random(),
    outcome: "server_error",
    ...fields,
  };
}

const report = (samples: readonly object[]) =>
  JSON.stringify({ instance_id: "gw-1", batch_id: randomUUID(), invocations: samples });

/** 1,000 samples, each of a series and with every text as long as it may be. */
export function longestSamples(): string {
  const wide = (text: string) =>
    text
      .padEnd(128, "\u{1d11e}")
      .slice(0, 255)
      .replace(/[\ud800-\udbff]$/, "");
  const own = randomUUID();
  return report(
    Array.from({ length: 1_000 }, (_, at) =>
      sample({
        workspace: wide(own),
        plugin: wide(`p${at}`),
        tool: wide(`t${at}`),
        actor: wide("user:"),
        session_id: wide(""),
        trace_id: hex(16),
        span_id: hex(8),
      }),
    ),
  );
}

/** Messages of 4,000 characters, all different: each is hashed and fingerprinted. */
export function longestMessages(text: string): string {
  const samples: object[] = [];
  let bytes = 0;
  for (let at = 0; at < 1_000; at += 1) {
    const error_message = `${at} ${text}`;
    bytes += Buffer.byteLength(JSON.stringify(error_message)) + 250;
    if (bytes > REPORT_BYTES_MAX) break;
    samples.push(sample({ error_message, tool: `t${at}` }));
  }
  return report(samples);
}

/** A thousand samples without ids, whose ids are hashed of what they say. */
export function derivedSamples(): string {
  return report(
    Array.from({ length: 1_000 }, (_, at) =>
      sample({ id: null, tool: `t${at}`, actor: "a".repeat(256), session_id: "s".repeat(256) }),
    ),
  );
}

/** A payload that is all structure. */
export function densestPayload(): string {
  const payload = `[${"[0],".repeat(120_000)}0]`;
  return report([sample({})]).replace(/\}\]\}$/, `,"request_payload":${payload}}]}`);
}

type SpanMaker = (at: number) => Partial<Span>;

function spans(encoding: OtlpEncoding, count: number, make: SpanMaker): Uint8Array {
  const nowMs = Date.now();
  const traceId = hex(16);
  const list = Array.from({ length: count }, (_, at) => ({
    traceId,
    spanId: hex(8),
    parentSpanId: null,
    traceState: "",
    flags: 1,
    name: "work",
    kind: 1,
    start: { ms: nowMs - 1_000, nanos: 0 },
    end: { ms: nowMs - 500, nanos: 0 },
    attributes: new Map<string, AttributeValue>(),
    status: { code: 0, message: "" },
    ...make(at),
  }));
  const scopeSpans = [{ scope: { name: "", version: "" }, spans: list }];
  const resource = new Map([["service.name", "github"]]);
  return encodeTraces([{ resource, scopeSpans }], encoding);
}

const call = (at: number): AttributesOf => ({
  attributes: new Map<string, AttributeValue>([
    ["mcp.method.name", "tools/call"],
    ["gen_ai.tool.name", `tool_${at % 1_000}`],
    ["mcp.session.id", `s${at}`],
  ]),
});
type AttributesOf = Pick<Span, "attributes">;

export function plainSpans(encoding: OtlpEncoding): Uint8Array {
  return spans(encoding, 10_000, () => ({}));
}

/**
 * 10,000 calls, each a sample: ten transactions, of one trace or of as many. In JSON as many as 4 MiB hold.
 */
export function callSpans(encoding: OtlpEncoding, kind: number, areApart = false): Uint8Array {
  const count = encoding === "json" ? 6_500 : 10_000;
  return spans(encoding, count, (at) => ({
    ...call(at),
    ...(areApart && { traceId: hex(16) }),
    kind,
    // Spread over the day, which a caller's look-up goes through.
    start: { ms: Date.now() - Math.floor((at / count) * 80_000_000) - 2_000, nanos: 0 },
    end: { ms: Date.now() - Math.floor((at / count) * 80_000_000) - 1_900, nanos: 0 },
  }));
}

/** 10,000 calls of a trace at one time, of which some are callers': what its transactions count, later ones come upon. */
export function callsOfBothSides(): Uint8Array {
  const startedMs = Date.now() - 2_000;
  return spans("protobuf", 10_000, (at) => ({
    ...call(at),
    kind: at % 1_000 === 999 ? 3 : 2,
    start: { ms: startedMs, nanos: 0 },
    end: { ms: startedMs + 100, nanos: 0 },
  }));
}

const TRACE_OF_MANY = hex(16);
const MANY_STARTED_MS = Date.now() - 10_000;

/**
 * 10,000 more calls of one trace and one time: each transaction comes upon the samples of the requests before. Two
 * are of one call, so that an org that sends them is one where all samples of the time are looked at.
 */
export function moreCallsOfTrace(): Uint8Array {
  const outer = hex(8);
  return spans("protobuf", 10_000, (at) => ({
    ...call(Math.max(1, at)),
    traceId: TRACE_OF_MANY,
    ...(at === 0 && { spanId: outer }),
    ...(at === 1 && { parentSpanId: outer }),
    kind: at % 1_000 === 999 ? 3 : 2,
    start: { ms: MANY_STARTED_MS, nanos: 0 },
    end: { ms: MANY_STARTED_MS + 100, nanos: 0 },
  }));
}

/** A chain of callers, each the parent of the next: what belongs together is looked for all the way. */
export function nestedCalls(): Uint8Array {
  const id = (at: number) => (at + 1).toString(16).padStart(16, "0");
  return spans("protobuf", 10_000, (at) => ({
    ...call(0),
    kind: 3,
    spanId: id(at),
    parentSpanId: at === 0 ? null : id(at - 1),
  }));
}

/** As many attributes as 4 MiB hold. */
export function manyAttributes(encoding: OtlpEncoding): Uint8Array {
  const perSpan = encoding === "json" ? 80 : 300;
  return spans(encoding, 1_000, () => ({
    attributes: new Map(Array.from({ length: perSpan }, (_, at) => [`k${at}`, at])),
  }));
}
