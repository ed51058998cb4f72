/** Counts the servers' calls of a request, and has its callers' wait for theirs. */
import type { Call } from "#calls/call.ts";
import type { KeptPayloads } from "#calls/call-payload.ts";
import { waitingRows } from "#calls/pairing/waiting-calls.ts";
import { type InsertResult, insertReports } from "#calls/store/insert-calls.ts";
import { isKnownToSend } from "#calls/store/pairing/paired-orgs.ts";
import { insertLinks, insertWaiting, noteSpans } from "#calls/store/pairing/pairing-writes.ts";
import type { TracedRequest } from "#calls/store/traced-request.ts";
import { type CallSide, spanKey, type TracedSpan } from "#calls/traced-spans.ts";
import { CALLER_WAIT_SECONDS_MAX } from "#orgs/mapped-attributes.ts";
import type { Org } from "#orgs/org.ts";
import { refuseForSpace } from "#orgs/space/shard-space.ts";
import { noteUnmapped } from "#otlp/store/unmapped-rows.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { nextTurn } from "#platform/slices.ts";
import { SECOND_MS } from "#platform/time.ts";
import { OwnSamples } from "./own-samples.ts";
import { Reporters, reportsOfCalls, type SpanReport, waitingCalls } from "./span-reports.ts";
import type { ToldRequest } from "./told-spans.ts";
import type { UnmappedShape } from "./unmapped-shapes.ts";

export interface ToldCalls {
  told: ToldRequest;
  unmapped: readonly UnmappedShape[];
  /** Of a trace that says that it is one of many. */
  isOfSampled: boolean;
  receivedAtMs: number;
  /** Of those that are counted now. */
  payloads: KeptPayloads;
}

export interface CountedSpans {
  /**
   * Names of spans whose samples tell what they would: not of those whose calls wait, or are counted by
   * another, or whose time was pruned.
   */
  sampled: ReadonlySet<string>;
  /** Ids of calls that no sample of this request is of. */
  unsampled: ReadonlySet<string>;
  pruned: number;
}

/** What one transaction writes: reports, and spans that it tells of. */
interface Part {
  reports: readonly SpanReport[];
  spans: readonly TracedSpan[];
  callers: readonly Call[];
  unmapped: readonly UnmappedShape[];
}

export async function countTold(env: Env, org: Org, given: ToldCalls): Promise<CountedSpans> {
  const db = shardDatabase(env, org.shard);
  const reporters = new Reporters();
  const parts = partsOf(given, reporters);
  const own = await OwnSamples.of(
    db,
    org,
    parts.map(({ reports }) => countedOf(reports, given.told)),
  );
  const sides = sidesOf(given.told);
  const unsampled = new Set<string>();
  let pruned = 0;
  for (const [at, part] of parts.entries()) {
    const calls = part.reports.flatMap((report) => report.calls);
    if (at > 0) await nextTurn();
    const left = await storePart(env, org, part, (withLinks) => ({
      ...tracedPart(db, org, part, given, { reporters, sides, withLinks }),
      own: own.besides(calls),
    }));
    pruned += left.pruned;
    if (left.accepted === calls.length) own.add(calls);
    for (const id of left.unsampled) unsampled.add(id);
  }
  const all = parts.flatMap(({ reports }) => reports.flatMap(({ calls }) => calls));
  const sampled = new Set(all.filter(({ id }) => !unsampled.has(id)).map(nameOf));
  return { sampled, unsampled, pruned };
}

function sidesOf({ spans }: ToldRequest): ReadonlySet<CallSide> {
  return new Set(spans.flatMap(({ told }) => told?.side ?? []));
}

function nameOf({ traceId, spanId }: Call): string {
  return spanKey({ traceId: traceId ?? "", spanId: spanId ?? "" });
}

function countedOf(reports: readonly SpanReport[], told: ToldRequest): TracedSpan[] {
  return reports.flatMap(({ calls }) => calls.map((call) => told.servers.get(call)!));
}

interface StoredPart {
  /** Samples that were not there before. */
  accepted: number;
  pruned: number;
  unsampled: ReadonlySet<string>;
}

async function storePart(
  env: Env,
  org: Org,
  { reports, callers }: Part,
  tracedOf: (withLinks: boolean) => TracedRequest,
): Promise<StoredPart> {
  const db = shardDatabase(env, org.shard);
  if (reports.length + callers.length === 0) {
    const { writes } = tracedOf(true);
    if (writes.length > 0) await db.batch([...writes]);
    return { accepted: 0, pruned: 0, unsampled: new Set() };
  }
  const result = await insertPart(db, org, reports, tracedOf);
  if (result.kind === "org_gone") return fail({ kind: "not_found" });
  if (result.kind === "refused") return refuseForSpace(env, org);
  if (result.kind !== "stored") return fail({ kind: "unavailable", retryAfterSeconds: 1 });
  const pruned = result.pruned.map(({ id }) => id);
  const unsampled = new Set([...result.countedElsewhere.keys(), ...pruned]);
  return { accepted: result.accepted, pruned: pruned.length, unsampled };
}

/** Without links, in an org that is not known to send callers' spans, until it turns out that it does. */
async function insertPart(
  db: D1Database,
  org: Org,
  reports: readonly SpanReport[],
  tracedOf: (withLinks: boolean) => TracedRequest,
): Promise<InsertResult> {
  if (!isKnownToSend(org, "callers")) {
    const alone = tracedOf(false);
    const result = await insertReports(db, org, reports, alone);
    if (result.kind !== "paired") return result;
  }
  return insertReports(db, org, reports, tracedOf(true));
}

/** The first has all but what is told of the others' calls, so that each stands beside its samples. */
function partsOf(given: ToldCalls, reporters: Reporters): Part[] {
  const { told, unmapped, receivedAtMs, payloads } = given;
  const transactions = reportsOfCalls([...told.servers.keys()], reporters, receivedAtMs).map(
    (reports) => reports.map((report) => ({ ...report, payloads })),
  );
  const [reports = [], ...others] = transactions;
  const none = { callers: [], unmapped: [] };
  const rest = others.map((some) => {
    return { reports: some, spans: countedOf(some, told), ...none };
  });
  const later = new Set(rest.flatMap(({ spans }) => spans));
  const spans = told.spans.filter((span) => !later.has(span));
  return [{ reports, spans, callers: told.callers, unmapped }, ...rest];
}

interface PartContext {
  reporters: Reporters;
  /** Of the request's calls. */
  sides: ReadonlySet<CallSide>;
  withLinks: boolean;
}

function tracedPart(
  db: D1Database,
  org: Org,
  { reports, spans, callers, unmapped }: Part,
  { told, isOfSampled, receivedAtMs }: ToldCalls,
  { reporters, sides, withLinks }: PartContext,
): Omit<TracedRequest, "own"> {
  const hasCallers = sides.has("client") || sides.has("internal");
  const noted = {
    hasCallers,
    hasServers: sides.has("server"),
    isSampled: isOfSampled,
  };
  const waitMs = (org.spanMapping.callerWaitSeconds ?? CALLER_WAIT_SECONDS_MAX) * SECOND_MS;
  const calls = reports.flatMap((report) => report.calls);
  return {
    spans: told.spans,
    calls: new Map(calls.map((call) => [call.id, told.servers.get(call)!])),
    writes: [
      ...(sides.size > 0 ? [noteSpans(db, org, receivedAtMs, noted)] : []),
      ...(withLinks || hasCallers ? insertLinks(db, org, receivedAtMs, spans) : []),
      ...waitingRows(waitingCalls(callers, reporters), receivedAtMs).map((row) =>
        insertWaiting(db, org, row, waitMs),
      ),
      ...noteUnmapped(db, org, receivedAtMs, unmapped),
    ],
    isWaiting: callers.length > 0,
    ...(!(withLinks || hasCallers) && { unless: "callers" as const }),
  };
}
