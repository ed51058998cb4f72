/**
 * What the earlier transactions of a request have counted. It was told apart as a whole, so that these samples are no
 * news to the later ones: else each would be refused for those before it, and decided anew beside thousands. But
 * where requests that came before tell of the same traces, they may tell what lies between two of the calls: then
 * it is looked up.
 */
import type { Call } from "#calls/call.ts";
import { isLinked } from "#calls/store/pairing/known-calls.ts";
import { keysOf } from "#calls/store/pairing/pairing-guards.ts";
import type { TracedSpan } from "#calls/traced-spans.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";

/** The spans that one transaction counts. */
type Counted = readonly TracedSpan[];

export class OwnSamples {
  /** There are links of others, to be looked for what they lead to. */
  readonly #areLinked: boolean;
  readonly #idsByTrace = new Map<string | null, string[]>();

  private constructor(areLinked: boolean) {
    this.#areLinked = areLinked;
  }

  /** To be made before the first transaction, which writes links of its own. */
  static async of(
    db: D1Database,
    org: ShardedOrg,
    transactions: readonly Counted[],
  ): Promise<OwnSamples> {
    const shared = sharedTraces(transactions);
    return new OwnSamples(shared.length > 0 && (await isLinked(db, org.org, keysOf(shared, []))));
  }

  /** Of a transaction that counted all of its calls: what was there before, another request has decided on. */
  add(calls: readonly Call[]): void {
    for (const { traceId, id } of calls) {
      const ids = this.#idsByTrace.get(traceId);
      if (ids === undefined) this.#idsByTrace.set(traceId, [id]);
      else ids.push(id);
    }
  }

  /** Those that may be taken for samples of the calls. */
  besides(calls: readonly Call[]): string[] {
    if (this.#areLinked) return [];
    const traces = new Set(calls.map(({ traceId }) => traceId));
    return [...traces].flatMap((traceId) => this.#idsByTrace.get(traceId) ?? []);
  }
}

/** A span of each trace that several transactions count calls of. */
function sharedTraces(transactions: readonly Counted[]): TracedSpan[] {
  const first = new Map<string, number>();
  const shared = new Map<string, TracedSpan>();
  for (const [index, spans] of transactions.entries()) {
    for (const span of spans) {
      const at = first.get(span.traceId) ?? index;
      first.set(span.traceId, at);
      if (at !== index) shared.set(span.traceId, span);
    }
  }
  return [...shared.values()];
}
