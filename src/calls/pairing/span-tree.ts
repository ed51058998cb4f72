/**
 * Which tool call stands above which: found by going up through parents, over HTTP's and any other spans,
 * and where those lead to none, through links.
 */

import {
  type CallSide,
  CLOCK_SKEW_MS_MAX,
  parentOf,
  type SpanRef,
  spanKey,
  type ToldCall,
  type TracedSpan,
} from "#calls/traced-spans.ts";
import { type Stepwise, stepwise } from "#platform/slices.ts";
import { isSameTool } from "./tool-names.ts";

/** A span of a tool call, with its copies: one trace and span id is one span, if starts are near. */
export interface CallNode {
  readonly spans: ToldSpan[];
  /** The nearest call above, if it has the same tool: then both are one call. */
  above: CallNode | null;
  /** Nothing that is known leads to another call. */
  isAlone: boolean;
}

export type ToldSpan = TracedSpan & { readonly told: ToldCall };

export function leadOf({ spans }: CallNode): ToldSpan {
  return spans.find(({ told }) => told.side === "server") ?? spans[0]!;
}

export function sideOf(node: CallNode): CallSide {
  if (node.spans.some(({ told }) => told.side === "server")) return "server";
  return node.spans.some(({ told }) => told.side === "client") ? "client" : "internal";
}

export function startOf({ spans }: CallNode): number {
  return spans.reduce((start, { told }) => Math.min(start, told.startMs), Infinity);
}

export function endOf({ spans }: CallNode): number {
  return spans.reduce((end, { told }) => Math.max(end, told.endMs), -Infinity);
}

/** The calls among the spans, each with the call above it. No call is above itself, by any way. */
export function* callNodes(spans: readonly TracedSpan[]): Stepwise<CallNode[]> {
  const tree = new CallForest();
  yield* stepwise(spans, SPANS_AT_ONCE, (span) => tree.add(span));
  yield* stepwise(tree.nodes, SPANS_AT_ONCE, (node) => tree.placeUnder(node));
  breakCircles(tree.nodes);
  return tree.nodes;
}

/** Told apart between two stops: each step of that takes up to 8 µs a span. */
export const SPANS_AT_ONCE = 1_000;

/** How a call was come to. */
interface Reached {
  node: CallNode;
  isByLink: boolean;
}

const NOTHING: readonly Reached[] = [];

/** Links followed one behind another: a server's leads to its caller. */
const LINKS_MAX = 4;

class CallForest {
  readonly nodes: CallNode[] = [];
  readonly #calls = new Map<string, CallNode[]>();
  readonly #others = new Map<string, TracedSpan>();
  /** From spans that are no call; null too while their way is looked for, so that a circle ends. */
  readonly #reached = new Map<string, Reached | null>();

  add(span: TracedSpan): void {
    if (isTold(span)) this.#addCall(span);
    else if (!this.#others.has(spanKey(span))) this.#others.set(spanKey(span), span);
  }

  #addCall(span: ToldSpan): void {
    const key = spanKey(span);
    const nodes = this.#calls.get(key) ?? [];
    this.#calls.set(key, nodes);
    const isNear = ({ told }: ToldSpan) =>
      Math.abs(told.startMs - span.told.startMs) <= CLOCK_SKEW_MS_MAX;
    const copies = nodes.find((node) => node.spans.some(isNear));
    if (copies !== undefined) {
      copies.spans.push(span);
      return;
    }
    const node = { spans: [span], above: null, isAlone: true };
    nodes.push(node);
    this.nodes.push(node);
  }

  placeUnder(node: CallNode): void {
    for (const { node: found, isByLink } of node.spans.flatMap((span) => this.#above(span))) {
      if (found === node) continue;
      node.isAlone = false;
      if (node.above === null && isSameCall(node, found, isByLink)) node.above = found;
    }
  }

  /** What the span's parent leads to, then what its links do. */
  #above(span: ToldSpan): readonly Reached[] {
    const { startMs } = span.told;
    const parent = parentOf(span);
    if (parent === null && span.links.length === 0) return NOTHING;
    const byLinks = span.links.flatMap((link) => this.#walk(link, startMs, LINKS_MAX) ?? []);
    const byParent = parent === null ? null : this.#walk(parent, startMs, LINKS_MAX);
    return [
      ...(byParent === null ? NOTHING : [byParent]),
      ...byLinks.map(({ node }) => ({ node, isByLink: true })),
    ];
  }

  #walk(from: SpanRef, nearMs: number, linksMax: number): Reached | null {
    const path: TracedSpan[] = [];
    let at: SpanRef | null = from;
    let reached: Reached | null = null;
    while (at !== null) {
      const key: string = spanKey(at);
      const node = this.#callAt(key, nearMs);
      const known = this.#reached.get(key);
      const span: TracedSpan | undefined = this.#others.get(key);
      if (node !== null) reached = { node, isByLink: false };
      else if (known !== undefined) reached = known;
      if (node !== null || known !== undefined || span === undefined) break;
      path.push(span);
      this.#reached.set(key, null);
      at = parentOf(span);
    }
    if (reached === null) return this.#followLinks(path, nearMs, linksMax);
    for (const span of path) this.#reached.set(spanKey(span), reached);
    return reached;
  }

  #followLinks(path: readonly TracedSpan[], nearMs: number, linksMax: number): Reached | null {
    if (linksMax === 0) return null;
    for (const [index, { links }] of path.entries()) {
      for (const link of links) {
        const found = this.#walk(link, nearMs, linksMax - 1);
        if (found === null) continue;
        const reached = { node: found.node, isByLink: true };
        for (const below of path.slice(0, index + 1)) this.#reached.set(spanKey(below), reached);
        return reached;
      }
    }
    return null;
  }

  /** Of calls with one id, the one that started nearest. */
  #callAt(key: string, nearMs: number): CallNode | null {
    const nodes = this.#calls.get(key);
    if (nodes === undefined) return null;
    const distance = (node: CallNode) => Math.abs(startOf(node) - nearMs);
    return nodes.reduce((nearest, node) => (distance(nearest) <= distance(node) ? nearest : node));
  }
}

function isTold(span: TracedSpan): span is ToldSpan {
  return span.told !== null;
}

/** A link between two callers, or two servers, says what came before what: another try is another call. */
function isSameCall(below: CallNode, above: CallNode, isByLink: boolean): boolean {
  const isAcross = (sideOf(below) === "server") !== (sideOf(above) === "server");
  if (isByLink && !isAcross) return false;
  return isSameTool(leadOf(below).told.tool, leadOf(above).told.tool);
}

/** Spans may name each other as parents. */
function breakCircles(nodes: readonly CallNode[]): void {
  const done = new Set<CallNode>();
  for (const node of nodes.filter(({ above }) => above !== null)) {
    const path = new Set<CallNode>();
    for (let at: CallNode | null = node; at !== null && !done.has(at); at = at.above) {
      path.add(at);
      if (at.above !== null && path.has(at.above)) at.above = null;
    }
    for (const one of path) done.add(one);
  }
}
