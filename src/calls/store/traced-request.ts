/** What a transaction of calls is told of their traces besides. */
import type { PairedSide } from "#calls/store/pairing/paired-orgs.ts";
import type { TracedSpan } from "#calls/traced-spans.ts";

/** What a request tells of its calls' traces, and writes besides. */
export interface TracedRequest {
  /** All its spans, of which only those in `calls` are undecided. */
  spans: readonly TracedSpan[];
  /** The spans of the reports' calls, by the calls' ids. */
  calls: ReadonlyMap<string, TracedSpan>;
  /** Statements of the same transaction, whatever becomes of the calls. */
  writes: readonly D1PreparedStatement[];
  /**
   * Samples of earlier transactions of the request, and of these traces: they were decided together with these calls,
   * and by all that is known of them.
   */
  own: readonly string[];
  /** Among `writes` are calls that wait: they are acknowledged only where the org may have samples. */
  isWaiting: boolean;
  /** What the org must not have sent for the request to be complete as it is. */
  unless?: PairedSide;
}

export const UNTRACED: TracedRequest = {
  ...{ spans: [], calls: new Map(), writes: [], own: [] },
  isWaiting: false,
};
