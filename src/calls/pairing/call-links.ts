/**
 * How the spans of one request hang together, as a row keeps it for a few minutes: a JSON object, trace id →
 * spans, each an array
 *   [spanId, parentSpanId|0, links|0] of a span that is no call,
 *   [spanId, parentSpanId|0, links|0, side, tool, startMs, endMs, exchange|0, failure|0] of a call's,
 * links as [traceId, spanId] each. A call that a link leads to another trace from stands under that one too,
 * with its own trace's id as its last element. Each exchange of a server's call is a name as well, "~" before
 * it, so that who waits for it sees it come.
 */

import type { Outcome } from "#calls/outcome.ts";
import { type CallFailure, type CallSide, spanKey, type TracedSpan } from "#calls/traced-spans.ts";
import { fitsParameter } from "#platform/d1/json-parameter.ts";

const SIDES: readonly CallSide[] = ["server", "client", "internal"];

type StoredFailure = [Outcome, string | null, string | null, string | null];
type StoredLink = [
  spanId: string,
  parentSpanId: string | 0,
  links: [string, string][] | 0,
  side?: number,
  tool?: string,
  startMs?: number,
  endMs?: number,
  exchange?: string | 0,
  failure?: StoredFailure | 0,
  traceId?: string,
];

/** The name that waits for a server's call without knowing its trace. */
export function exchangeMember(exchange: string): string {
  return `~${exchange}`;
}

/** One payload, or several where one would be too large to bind; none of spans that lead nowhere. */
export function linkPayloads(spans: readonly TracedSpan[]): string[] {
  const members = new Map<string, string[]>();
  for (const span of spans) addSpan(members, span);
  const texts = [...members].map(([name, entries]) => `${JSON.stringify(name)}:[${entries}]`);
  return texts.length === 0 ? [] : payloadsOf(texts);
}

function payloadsOf(texts: readonly string[]): string[] {
  const payload = `{${texts.join(",")}}`;
  if (texts.length === 1 || fitsParameter(payload)) return [payload];
  const half = texts.length >> 1;
  return [...payloadsOf(texts.slice(0, half)), ...payloadsOf(texts.slice(half))];
}

function addSpan(members: Map<string, string[]>, span: TracedSpan): void {
  const { traceId, parentSpanId, links, told } = span;
  if (told === null && parentSpanId === null && links.length === 0) return;
  const entry = storedLink(span);
  add(members, traceId, JSON.stringify(entry));
  if (told === null) return;
  for (const link of links) {
    if (link.traceId !== traceId) add(members, link.traceId, JSON.stringify([...entry, traceId]));
  }
  if (told.side === "server" && told.exchange !== null) {
    add(members, exchangeMember(told.exchange), "0");
  }
}

function add(members: Map<string, string[]>, name: string, entry: string): void {
  const entries = members.get(name);
  if (entries === undefined) members.set(name, [entry]);
  else entries.push(entry);
}

function storedLink({ spanId, parentSpanId, links, told }: TracedSpan): StoredLink {
  const led = links.map(({ traceId, spanId }): [string, string] => [traceId, spanId]);
  const edges: StoredLink = [spanId, parentSpanId ?? 0, led.length === 0 ? 0 : led];
  if (told === null) return edges;
  const { side, tool, startMs, endMs, exchange, failure } = told;
  const stored = failure === null ? 0 : storedFailure(failure);
  edges.push(SIDES.indexOf(side), tool, startMs, endMs, exchange ?? 0, stored);
  return edges;
}

function storedFailure(failure: CallFailure): StoredFailure {
  return [failure.outcome, failure.errorCode, failure.errorHash, failure.errorFingerprint];
}

/** The spans of a payload, or of some of its names: each is known, and no more than that. */
export function parseLinks(stored: string): TracedSpan[] {
  const members = Object.entries(JSON.parse(stored) as Record<string, StoredLink[]>);
  return members.flatMap(([name, links]) =>
    name.startsWith("~") ? [] : links.map((link) => tracedSpan(name, link)),
  );
}

function tracedSpan(name: string, link: StoredLink): TracedSpan {
  const [spanId, parentSpanId, links, side, tool = "", startMs = 0, endMs = 0] = link;
  const [exchange = 0, failure = 0, traceId = name] = link.slice(7) as [
    (string | 0)?,
    (StoredFailure | 0)?,
    string?,
  ];
  const edges = {
    traceId,
    spanId,
    parentSpanId: parentSpanId || null,
    links: (links || []).map(([linked, id]) => ({ traceId: linked, spanId: id })),
  };
  if (side === undefined) return { ...edges, told: null };
  const told = {
    side: SIDES[side]!,
    tool,
    startMs,
    endMs,
    exchange: exchange || null,
    failure: failure === 0 ? null : failureOf(failure),
    standing: "known" as const,
  };
  return { ...edges, told };
}

function failureOf([outcome, errorCode, errorHash, errorFingerprint]: StoredFailure): CallFailure {
  return { outcome, errorCode, errorHash, errorFingerprint };
}

/**
 * The same spans, of which those of calls have the links too that spans above them have in the same request:
 * an HTTP span's link to another trace is found from there no other way.
 */
export function withLinksAbove(spans: readonly TracedSpan[]): readonly TracedSpan[] {
  const linked = spans.filter(({ traceId, links, told }) => {
    return told === null && links.some((link) => link.traceId !== traceId);
  });
  if (linked.length === 0) return spans;
  const byKey = new Map(spans.map((span) => [spanKey(span), span]));
  return spans.map((span) => (span.told === null ? span : withLinks(span, byKey)));
}

const LEVELS_MAX = 8;

function withLinks(span: TracedSpan, byKey: ReadonlyMap<string, TracedSpan>): TracedSpan {
  const links = [...span.links];
  let parentId = span.parentSpanId;
  for (let level = 0; level < LEVELS_MAX && parentId !== null; level += 1) {
    const above = byKey.get(`${span.traceId}${parentId}`);
    if (above === undefined || above.told !== null) break;
    links.push(...above.links);
    parentId = above.parentSpanId;
  }
  return links.length === span.links.length ? span : { ...span, links };
}
