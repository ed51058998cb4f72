/**
 * Callers' calls whose span is the only one of a call in its trace: nothing else can tell of them. Where
 * servers send no spans that is all there are, and a look is a twentieth of what telling them apart takes.
 */
import type { TracedSpan } from "#calls/traced-spans.ts";

export interface LoneCalls {
  lone: readonly TracedSpan[];
  others: readonly TracedSpan[];
}

export function withoutLone(spans: readonly TracedSpan[]): LoneCalls {
  const byTrace = oneOfEach(spans);
  const exchanges = serversExchanges(spans);
  const isAwaited = ({ told }: TracedSpan) =>
    told !== null && told.exchange !== null && exchanges.has(told.exchange);
  const lone: TracedSpan[] = [];
  const others = new Set<string>();
  for (const [traceId, span] of byTrace) {
    if (span === null || isAwaited(span)) others.add(traceId);
    else if (span.told?.standing === "undecided") lone.push(span);
  }
  return { lone, others: spans.filter(({ traceId }) => others.has(traceId)) };
}

function serversExchanges(spans: readonly TracedSpan[]): ReadonlySet<string> {
  const servers = spans.filter(({ told }) => told?.side === "server");
  return new Set(servers.flatMap(({ told }) => told?.exchange ?? []));
}

/** Of each trace its only call; null where there are more. */
function oneOfEach(spans: readonly TracedSpan[]): ReadonlyMap<string, TracedSpan | null> {
  const byTrace = new Map<string, TracedSpan | null>();
  for (const span of spans) {
    if (span.told === null) continue;
    byTrace.set(span.traceId, ofTrace(byTrace.get(span.traceId), span));
    for (const link of span.links) byTrace.set(link.traceId, null);
  }
  return byTrace;
}

/** The one caller's span of a trace, rather as undecided than as known; null where there is more to it. */
function ofTrace(known: TracedSpan | null | undefined, span: TracedSpan): TracedSpan | null {
  const { told, links, spanId } = span;
  if (known === null || links.length > 0 || told === null) return null;
  if (told.side === "server" || told.standing === "counted") return null;
  if (known === undefined) return span;
  const areTwo = known.spanId !== spanId || known.told?.standing === told.standing;
  if (areTwo) return null;
  return told.standing === "undecided" ? span : known;
}
