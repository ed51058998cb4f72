/**
 * A span as a tool call: what it says in the words of a sample, by
 * the tables of span-attributes.ts.
 */

import type { Sample } from "#calls/sample-schema.ts";
import type { CallSide } from "#calls/traced-spans.ts";
import { hexWord } from "#formats/hex.ts";
import { murmur3 } from "#formats/murmur3.ts";
import { type Attributes, SPAN_KIND, type Span } from "#formats/otlp/trace-model.ts";
import { elapsedMs } from "#formats/otlp/unix-nano.ts";
import { uuid7FromDigest } from "#formats/uuid7.ts";
import type { SpanMapping } from "#orgs/mapped-attributes.ts";
import {
  ACTOR,
  asText,
  CONTEXTFORGE,
  DEFAULT_WORKSPACE,
  EXECUTE_TOOL,
  INSTANCE,
  LOGFIRE_SERVER,
  METHOD,
  PLUGIN,
  REQUEST,
  REQUEST_BYTES,
  RESPONSE_BYTES,
  SESSION,
  TOOL_MARKS,
  TOOL_NAME_ALONE,
  TOOLS_CALL,
  type ToolMark,
  textOf,
  UNKNOWN_PLUGIN,
  WORKSPACE,
} from "./span-attributes.ts";
import { spanOutcome } from "./span-outcome.ts";
import { toolOfRequestText } from "./span-texts.ts";

export interface SpanCall {
  readonly sample: Sample;
  readonly instance: string;
  readonly side: CallSide;
}

export type SpanVerdict =
  | { readonly kind: "call"; readonly call: SpanCall }
  | { readonly kind: "no_call" }
  /** A tool call that cannot be counted: its sender has to know. */
  | { readonly kind: "unusable"; readonly reason: string };

const NO_CALL: SpanVerdict = { kind: "no_call" };
const UNNAMED: SpanVerdict = { kind: "unusable", reason: "a tools/call span names no tool" };
const NO_IDS: SpanVerdict = { kind: "unusable", reason: "a span's trace or span id is invalid" };

export function mapSpan(span: Span, resource: Attributes, mapping: SpanMapping = {}): SpanVerdict {
  const tool = toolOf(span, mapping);
  if (tool === undefined) return NO_CALL;
  if (tool === null) return UNNAMED;
  if (span.traceId === "" || span.spanId === "") return NO_IDS;
  const plugin = mapped(span, resource, mapping.plugin) ?? textOf(resource, PLUGIN);
  const identity = {
    workspace:
      mapped(span, resource, mapping.workspace) ?? textOf(resource, WORKSPACE) ?? DEFAULT_WORKSPACE,
    plugin: plugin ?? UNKNOWN_PLUGIN,
    tool,
  };
  const instance = fitting(
    mapped(span, resource, mapping.instance) ?? textOf(resource, INSTANCE) ?? plugin,
    INSTANCE_LENGTH_MAX,
  );
  const actor = mapped(span, resource, mapping.actor) ?? textOf(span.attributes, ACTOR);
  return {
    kind: "call",
    call: {
      sample: { ...identity, ...sampleOf(span), actor: fitting(actor, TEXT_LENGTH_MAX) },
      instance: instance ?? UNKNOWN_PLUGIN,
      side: sideOfCall(span),
    },
  };
}

/** What the org's own attributes say. */
function mapped(span: Span, resource: Attributes, keys: readonly string[] = []): string | null {
  return textOf(span.attributes, keys) ?? textOf(resource, keys);
}

/** The tool's name; null: a tool call without one; undefined: no tool call. */
function toolOf(span: Span, mapping: SpanMapping): string | null | undefined {
  const { attributes } = span;
  const method = textOf(attributes, METHOD);
  if (method !== null && method !== TOOLS_CALL) return undefined;
  const named = textOf(attributes, mapping.tool ?? []);
  if (named !== null) return named;
  const mark = markOf(attributes);
  if (mark === undefined) return unmarkedTool(span);
  const tool =
    textOf(attributes, mark.tool) ?? toolOfName(span.name) ?? toolOfRequestText(attributes);
  // FastMCP and Kuadrant mark inner spans with the method alone: those count nothing.
  return tool ?? (sideOf(span.kind) === "internal" ? undefined : null);
}

function markOf(attributes: Attributes): ToolMark | undefined {
  return TOOL_MARKS.find(({ key, value }) => attributes.get(key) === value);
}

/** `tools/call {tool}`, as the conventions name a span; SDKs put words before it. */
function toolOfName(name: string): string | null {
  const [, tool] = name.split(`${TOOLS_CALL} `, 2);
  return tool === undefined || tool === "" ? null : tool;
}

function unmarkedTool({ attributes, name, kind }: Span): string | undefined {
  const alone = asText(attributes.get(TOOL_NAME_ALONE));
  if (alone !== null) return name.startsWith(CONTEXTFORGE.inner) ? undefined : alone;
  if (name === CONTEXTFORGE.span) return asText(attributes.get(CONTEXTFORGE.tool)) ?? undefined;
  if (name === LOGFIRE_SERVER) return toolOfRequestText(attributes) ?? undefined;
  if (attributes.get(EXECUTE_TOOL.key) !== EXECUTE_TOOL.value) return undefined;
  if (sideOf(kind) === "internal") return undefined;
  return asText(attributes.get(EXECUTE_TOOL.tool)) ?? undefined;
}

function sideOfCall({ attributes, name, kind }: Span): CallSide {
  if (name === LOGFIRE_SERVER) return "server";
  return markOf(attributes)?.side ?? sideOf(kind);
}

function sideOf(kind: number): CallSide {
  if (kind === SPAN_KIND.server) return "server";
  return kind === SPAN_KIND.client ? "client" : "internal";
}

function sampleOf(span: Span): Omit<Sample, "workspace" | "plugin" | "tool"> {
  const { attributes } = span;
  const { outcome, errorCode } = spanOutcome(span);
  return {
    id: spanSampleId(span),
    started_at: span.start.ms,
    duration_ms: elapsedMs(span.start, span.end),
    outcome,
    error_code: fitting(errorCode, TEXT_LENGTH_MAX),
    error_message: outcome === "ok" ? null : errorMessage(span),
    session_id: fitting(textOf(attributes, SESSION), TEXT_LENGTH_MAX),
    request_id: fitting(textOf(attributes, REQUEST), TEXT_LENGTH_MAX),
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_span_id: span.parentSpanId,
    request_bytes: bytesOf(attributes, REQUEST_BYTES),
    response_bytes: bytesOf(attributes, RESPONSE_BYTES),
  };
}

/**
 * The sample's id, made of what names a span for good, so that a span sent again is the sample that is
 * there. Ids are random already: what spreads their 192 bits over an id's 74 need not be a cryptographic
 * digest, which took as long as the rest of the mapping.
 */
export function spanSampleId({ traceId, spanId, start }: Span): string {
  words[0] = hexWord(traceId, 0);
  words[1] = hexWord(traceId, 8);
  words[2] = hexWord(traceId, 16);
  words[3] = hexWord(traceId, 24);
  words[4] = hexWord(spanId, 0);
  words[5] = hexWord(spanId, 8);
  for (const part of DIGEST_PARTS) digest.setUint32(part * 4, murmur3(words, part));
  return uuid7FromDigest(start.ms, digestBytes);
}

/** Made once, as are the buffers below: to make them takes longer than to fill them. */
const words = [0, 0, 0, 0, 0, 0];
/** Three hashes, told apart by their seeds. */
const DIGEST_PARTS = [0, 1, 2];
const digestBytes = new Uint8Array(DIGEST_PARTS.length * 4);
const digest = new DataView(digestBytes.buffer);

/** Limits as the schema of a sample has them. */
const INSTANCE_LENGTH_MAX = 128;
const TEXT_LENGTH_MAX = 256;
const MESSAGE_LENGTH_MAX = 8_192;
const MESSAGE: readonly string[] = ["mcp.error.message", "rpc.jsonrpc.error_message"];

/**
 * A text that a sample cannot hold is left out: cut, it would be another. A name that does not fit refuses
 * the span.
 */
function fitting(text: string | null, lengthMax: number): string | null {
  if (text === null || text.length > lengthMax) return null;
  return text.includes("\0") || !text.isWellFormed() ? null : text;
}

/** The message is cut, because only its hash and its fingerprint are kept. */
function errorMessage({ attributes, status }: Span): string | null {
  const message = status.message || textOf(attributes, MESSAGE);
  if (message === null) return null;
  return message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed();
}

function bytesOf(attributes: Attributes, keys: readonly string[]): number | null {
  const bytes = Number(textOf(attributes, keys) ?? Number.NaN);
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : null;
}
