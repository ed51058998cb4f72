/**
 * Spans of joined traces on their way to where the drill-down finds them: those of requests that end within the
 * same moment share a write, for a row each would be the dearest part of a call through the gateway. An isolate that
 * is ended takes with it what waits, as it does what is exported.
 */
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { Gathering } from "#platform/gathering.ts";
import { logDrop } from "./log-drop.ts";
import type { TraceSpan } from "./trace-span.ts";

export type KeepSpans = (env: Env, org: Org, spans: readonly TraceSpan[]) => Promise<void>;

/** Of a request through the gateway some 4 KB: a row of 256. */
const REQUESTS_MAX = 64;
/** What one write keeps of a trace has a limit (64 KB, 256 spans): a busy agent's requests take several. */
const REQUESTS_OF_A_TRACE_MAX = 8;
/** Requests of an org: some 2 MB while its shard does not answer. */
const WAITING_MAX = 500;

export class KeptSpans {
  readonly #keep: KeepSpans;
  readonly #byOrg = new Map<string, Gathering<readonly TraceSpan[]>>();

  constructor(keep: KeepSpans) {
    this.#keep = keep;
  }

  /** Resolves once they are kept, or given up: to be carried on after the answer. Never rejects. */
  async add(env: Env, org: Org, spans: readonly TraceSpan[]): Promise<void> {
    const isKept = await this.#gatheringOf(org).bring(spans, async (all) => {
      for (const some of writesOf(all)) await this.#keep(env, org, some);
    });
    if (isKept) return;
    const why = "spans of the drill-down";
    logDrop({ reason: "undelivered", spans: spans.length, why, origin: null });
  }

  #gatheringOf({ org, shard }: Org): Gathering<readonly TraceSpan[]> {
    const key = `${org}/${shard}`;
    const known = this.#byOrg.get(key);
    if (known !== undefined) return known;
    const gathering = new Gathering<readonly TraceSpan[]>({
      itemsMax: REQUESTS_MAX,
      waitingMax: WAITING_MAX,
      log: { org, job: "keep spans" },
      onIdle: () => this.#byOrg.delete(key),
    });
    this.#byOrg.set(key, gathering);
    return gathering;
  }
}

function writesOf(all: readonly (readonly TraceSpan[])[]): TraceSpan[][] {
  const requests = new Map<string, number>();
  const writes: TraceSpan[][] = [];
  for (const spans of all) {
    const traceId = spans[0]?.traceId ?? "";
    const before = requests.get(traceId) ?? 0;
    requests.set(traceId, before + 1);
    const write = Math.floor(before / REQUESTS_OF_A_TRACE_MAX);
    writes[write] ??= [];
    writes[write].push(...spans);
  }
  return writes;
}
