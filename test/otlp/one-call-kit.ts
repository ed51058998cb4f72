/** Spans of one call as their processes send them, and what is counted once all that waits is settled. */

import { type SettleResult, settleOnce } from "#calls/pairing/settle-calls.ts";
import { recordCalls } from "#calls/record-calls.ts";
import type { Span } from "#formats/otlp/trace-model.ts";
import type { Org } from "#orgs/org.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { recordTraces } from "#otlp/record-traces.ts";
import { workerEnv } from "../harness/deployment.ts";
import { makeOrg } from "../harness/orgs.ts";
import { type Around, watchedD1 } from "../harness/watched-d1.ts";
import { ATTRIBUTES, callSpan, newHex, resourceSpans } from "./http/otlp.ts";

export const db = workerEnv.SHARD_0;
const MINUTE_MS = 60_000;

export type Side = "server" | "client" | "internal" | "http";
const KINDS: Record<Side, number> = { server: 2, client: 3, internal: 1, http: 3 };

export interface GivenSpan {
  side?: Side;
  under?: Span | null;
  tool?: string;
  isFailed?: boolean;
  startMs?: number;
  durationMs?: number;
  service?: string;
  /** Of the same trace, without a parent. */
  beside?: Span;
  attributes?: Record<string, string>;
  links?: Span["links"];
  spanId?: string;
}

const services = new WeakMap<Span, string>();
let requests = 0;

/** In the trace of what it is under, or beside, else in one of its own; each has a request id of its own. */
export function span(given: GivenSpan = {}): Span {
  const { side = "server", under = null, startMs = Date.now() - 1_000 } = given;
  const isCall = side !== "http";
  const made = callSpan({
    kind: KINDS[side],
    traceId: (under ?? given.beside)?.traceId ?? newHex(32),
    spanId: given.spanId ?? newHex(16),
    parentSpanId: under?.spanId ?? null,
    name: "a span",
    start: { ms: startMs, nanos: 0 },
    end: { ms: startMs + (given.durationMs ?? 80), nanos: 0 },
    ...(given.links !== undefined && { links: given.links }),
    attributes: isCall ? callAttributes(given) : { "http.request.method": "POST" },
  });
  services.set(made, given.service ?? (side === "server" ? "github" : "agent"));
  return made;
}

function callAttributes({ tool = "list_repos", isFailed = false, attributes }: GivenSpan) {
  requests += 1;
  return {
    ...{ ...ATTRIBUTES, "gen_ai.tool.name": tool, "jsonrpc.request.id": `r${requests}` },
    ...(isFailed && { "error.type": "tool_error" }),
    ...attributes,
  };
}

/** A chain of spans, each under the one before. */
export function chain(...sides: (Side | GivenSpan)[]): Span[] {
  const spans: Span[] = [];
  for (const one of sides) {
    const given = typeof one === "string" ? { side: one } : one;
    spans.push(span({ under: spans.at(-1) ?? null, ...given }));
  }
  return spans;
}

export function linkTo({ traceId, spanId }: Span): NonNullable<Span["links"]> {
  return [{ traceId, spanId, traceState: "", flags: 0, attributes: new Map() }];
}

export async function newOrg(settings: object = {}): Promise<Org> {
  return (await findOrg(workerEnv.DIRECTORY, await makeOrg({ ...settings })))!;
}

/** One request. `around` watches what it sends the shard. */
export async function send(org: Org, spans: readonly Span[], around?: Around): Promise<void> {
  const shard = around === undefined ? db : watchedD1(db, around);
  const traces = spans.map((one) => {
    const service = services.get(one) ?? "github";
    return resourceSpans([one], { "service.name": service, "service.instance.id": service });
  });
  const env = { ...workerEnv, SHARD_0: shard };
  const refused = await recordTraces(env, org, traces, Date.now());
  if (refused !== null) throw new Error(refused.errorMessage);
}

/** `innerSpans`: what leads down from a sample's call, by the sample's id. */
export async function post(
  org: Org,
  samples: readonly object[],
  innerSpans: ReadonlyMap<string, string> = new Map(),
) {
  const none = { epoch: null, seq: null, dropped: null, isFinal: false, batchId: null };
  const report = { instance: "gw-1", ...none, samples, innerSpans };
  return recordCalls(workerEnv, org, report, Date.now());
}

/** Settles all there is, as if it had waited long enough. */
export async function settle(org: Org, around?: Around): Promise<SettleResult[]> {
  const env = around === undefined ? workerEnv : { ...workerEnv, SHARD_0: watchedD1(db, around) };
  const results: SettleResult[] = [];
  do results.push(await settleOnce(env, org, Date.now() + MINUTE_MS));
  while (results.at(-1) !== "empty" && results.length < 50);
  return results;
}

interface Counted {
  plugin: string;
  tool: string;
  outcome: string;
}

/** The samples there are, each as `plugin tool outcome`, and as many as arrivals count. */
export async function counted(org: Org): Promise<string[]> {
  const select = "SELECT plugin, tool, outcome FROM tool_invocations WHERE org = ?1";
  const { results } = await db.prepare(select).bind(org.org).all<Counted>();
  const arrived = await arrivedCalls(org);
  if (arrived !== results.length) throw new Error(`${arrived} arrived, ${results.length} samples`);
  return results.map(({ plugin, tool, outcome }) => `${plugin} ${tool} ${outcome}`).sort();
}

async function arrivedCalls({ org }: Org): Promise<number> {
  const select = "SELECT payload FROM arrivals WHERE org = ?1";
  const { results } = await db.prepare(select).bind(org).all<{ payload: string }>();
  const lags = results.flatMap(({ payload }) => JSON.parse(payload)[7] as [number, number][]);
  return lags.reduce((sum, [, count]) => sum + count, 0);
}

export async function orgRow<Row>({ org }: Org, columns: string): Promise<Row> {
  return (await db.prepare(`SELECT ${columns} FROM orgs WHERE org = ?1`).bind(org).first<Row>())!;
}
