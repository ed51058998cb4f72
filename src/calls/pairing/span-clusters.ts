/**
 * Spans in clusters. Spans of two clusters have no trace, no link and no exchange in common, so that neither tells
 * of a call of the other's: each cluster is decided by itself, and so are several together.
 */
import type { TracedSpan } from "#calls/traced-spans.ts";

/** By their first spans; within each, spans stand in the order given. */
export function spanClusters(spans: readonly TracedSpan[]): TracedSpan[][] {
  const joined = new JoinedNames();
  for (const { traceId, links, told } of spans) {
    for (const link of links) joined.join(traceId, link.traceId);
    // An exchange has a line end, which no trace's id has.
    if (told !== null && told.exchange !== null) joined.join(traceId, told.exchange);
  }
  return [...Map.groupBy(spans, ({ traceId }) => joined.nameOf(traceId)).values()];
}

/** All of the clusters that have one of `some`. */
export function clustersWith(
  some: ReadonlySet<TracedSpan>,
  spans: readonly TracedSpan[],
): readonly TracedSpan[] {
  if (some.size === 0) return [];
  return spanClusters(spans)
    .filter((cluster) => cluster.some((span) => some.has(span)))
    .flat();
}

/** Which names belong together: each leads to one that stands for all of its set. */
class JoinedNames {
  readonly #leads = new Map<string, string>();

  join(one: string, other: string): void {
    const [from, to] = [this.nameOf(other), this.nameOf(one)];
    if (from !== to) this.#leads.set(from, to);
  }

  nameOf(name: string): string {
    let last = name;
    for (let next = this.#leads.get(last); next !== undefined; next = this.#leads.get(last)) {
      last = next;
    }
    // The way is made short for who asks next.
    for (let at = name; at !== last; ) {
      const next = this.#leads.get(at)!;
      this.#leads.set(at, last);
      at = next;
    }
    return last;
  }
}
