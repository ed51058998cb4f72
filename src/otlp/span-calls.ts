/** The tool calls among the spans of one OTLP request. */

import type { ResourceSpans, Span } from "#formats/otlp/trace-model.ts";
import type { SpanMapping } from "#orgs/mapped-attributes.ts";
import { inSlices } from "#platform/slices.ts";
import { mapSpan, type SpanCall } from "./span-mapping.ts";
import { toolLikeKeys } from "./tool-like-spans.ts";

export interface SpanCalls {
  /** In the order sent; several may tell of one call. */
  readonly calls: readonly SpannedCall[];
  /** Spans that are no tool call. */
  readonly ignored: number;
  /** Of these, what looks like one, and the names of attributes that do. */
  readonly unmapped: SpansLikeCalls;
  /** Tool calls that cannot be counted, and why the first of them. */
  readonly rejected: number;
  readonly reason: string | null;
}

export type SpansLikeCalls = ReadonlyMap<Span, readonly string[]>;

export interface SpannedCall {
  readonly span: Span;
  readonly call: SpanCall;
}

export async function callsOfRequest(
  traces: readonly ResourceSpans[],
  mapping: SpanMapping = {},
): Promise<SpanCalls> {
  const calls: SpannedCall[] = [];
  const unmapped = new Map<Span, readonly string[]>();
  let ignored = 0;
  let rejected = 0;
  let reason: string | null = null;
  await inSlices(
    spansOf(traces),
    ([, { attributes }]) => SPAN_COST_US + attributes.size * ATTRIBUTE_COST_US,
    ([resource, span]) => {
      const verdict = mapSpan(span, resource.resource, mapping);
      if (verdict.kind === "call") calls.push({ span, call: verdict.call });
      else if (verdict.kind === "no_call") {
        ignored += 1;
        const keys = toolLikeKeys(span);
        if (keys !== null) unmapped.set(span, keys);
      } else {
        rejected += 1;
        reason ??= verdict.reason;
      }
    },
  );
  return { calls, ignored, unmapped, rejected, reason };
}

/** To be looked at, of whatever kind. */
const SPAN_COST_US = 5;
/** To be looked through for a tool. */
const ATTRIBUTE_COST_US = 0.5;

export function* spansOf(traces: readonly ResourceSpans[]) {
  for (const resource of traces) {
    for (const { spans } of resource.scopeSpans) {
      for (const span of spans) yield [resource, span] as const;
    }
  }
}
