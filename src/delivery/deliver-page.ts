/** A page of orgs' streams, delivered: those that wait longest first, a few at a time. */

import {
  type ClaimedDelivery,
  claimDelivery,
  type DeliveredStream,
  type DeliveryEnd,
  endDelivery,
  findDueAudit,
  findDueMetrics,
} from "#delivery/store/stream-deliveries.ts";
import type { StreamTarget } from "#delivery/store/stream-targets.ts";
import type { Env } from "#platform/env.ts";
import { TickShare } from "#platform/jobs/tick-share.ts";
import { shardDatabase } from "#platform/shards.ts";
import { deploymentStreams } from "#streams/deployment-streams.ts";
import {
  type Destination,
  effectiveStreams,
  type Observability,
  outletOf,
} from "#streams/observability.ts";
import { ownInForce } from "#streams/streams-of.ts";
import { retryDelayMs } from "./attempts.ts";
import { forwardAudit } from "./forward-audit.ts";
import { encodePush, pushMetrics } from "./push-metrics.ts";

/** Of the six connections that an invocation may have; the databases need one. */
const AT_ONCE = 5;
/** What an invocation may send D1, less some headroom. */
const QUERIES_MAX = 900;
/** Claim, figures (in one batch of four) and end; claim and end; a step of forwarding. */
const QUERIES = { metrics: 6, audit: 2, step: 1 };
/** No attempt begins later than this after the first; the last one takes ten seconds more. */
const PAGE_MS_MAX = 40_000;
/** Longer than all of that: whoever still holds a claim then is no more. */
const CLAIM_MS = 60_000;
/** A tick that comes twice, or early, pushes nothing anew. */
const PUSH_INTERVAL_MS = 45_000;

interface Due {
  target: StreamTarget;
  stream: DeliveredStream;
}

/** How many failed of our own doing: what a receiver does is in the delivery's state. */
export async function deliverPage(
  env: Env,
  shard: string,
  targets: readonly StreamTarget[],
): Promise<number> {
  const overMs = Date.now() + PAGE_MS_MAX;
  const share = new TickShare("streams", QUERIES_MAX, overMs);
  const limits = { share, overMs, inTurn: oneAtATime() };
  const due = await findDue(env, shard, targets);
  await share.attemptEach(
    due,
    { atOnce: AT_ONCE, queries: 0 },
    ({ target }) => target.org,
    (one) => deliver(env, shard, one, limits),
  );
  return share.failures;
}

/** Without opening a header: most orgs have nothing to send. */
async function findDue(env: Env, shard: string, targets: readonly StreamTarget[]): Promise<Due[]> {
  const db = shardDatabase(env, shard);
  const nowMs = Date.now();
  const defaults = deploymentStreams(env);
  const byOrg = new Map(targets.map((target) => [target.org, target]));
  const orgsFor = (stream: DeliveredStream) =>
    targets.filter((target) => isSent(target, defaults, stream)).map(({ org }) => org);
  const dueOf = (stream: DeliveredStream, orgs: readonly string[]): Due[] =>
    orgs.flatMap((org) => ({ target: byOrg.get(org)!, stream }));
  const [metrics, audit] = [orgsFor("metrics"), orgsFor("audit")];
  const audits = audit.length === 0 ? [] : await findDueAudit(db, audit, nowMs);
  const pushes =
    metrics.length === 0 ? [] : await findDueMetrics(db, metrics, nowMs, nowMs - PUSH_INTERVAL_MS);
  return alternating(dueOf("audit", audits), dueOf("metrics", pushes));
}

/** Neither stream waits for all of the other. */
function alternating<Item>(some: readonly Item[], others: readonly Item[]): Item[] {
  const longest = Math.max(some.length, others.length);
  return Array.from({ length: longest }, (_, at) => [some[at], others[at]])
    .flat()
    .filter((item) => item !== undefined);
}

function isSent(target: StreamTarget, defaults: Observability, stream: DeliveredStream): boolean {
  const streams = effectiveStreams(target.own, defaults);
  const isDisabling = stream === "audit" && target.isUnrecorded && streams.audit.forward !== null;
  return isDisabling || outletOf(streams, stream) !== null;
}

interface PageLimits {
  share: TickShare;
  overMs: number;
  /** An org's figures may take a quarter of an isolate's memory, until they are encoded. */
  inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

function oneAtATime(): PageLimits["inTurn"] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

async function deliver(
  env: Env,
  shard: string,
  { target, stream }: Due,
  limits: PageLimits,
): Promise<void> {
  if (!limits.share.take(QUERIES[stream])) return;
  const own = await ownInForce(env, target.org, target);
  const to = outletOf(effectiveStreams(own, deploymentStreams(env)), stream);
  const db = shardDatabase(env, shard);
  const nowMs = Date.now();
  const claim = { nowMs, untilMs: nowMs + CLAIM_MS };
  const claimed = await claimDelivery(db, target.org, stream, claim);
  if (claimed === null) return;
  try {
    const due = { target, stream };
    const end = to === null ? SEALED_AWAY : await send(env, shard, due, claimed, to, limits);
    await endDelivery(db, claimed, end, Date.now());
  } catch (error) {
    const retryAtMs = Date.now() + retryDelayMs(claimed.failures, null);
    const end = { error: OUR_FAULT, retryAtMs, isDelivered: false };
    await endDelivery(db, claimed, end, Date.now());
    throw error;
  }
}

const OUR_FAULT = "failed on our side";

/** The org set a receiver, and what it set cannot be opened any more. */
const SEALED_AWAY: DeliveryEnd = {
  error: "header values cannot be opened: set them again",
  retryAtMs: 0,
  isDelivered: false,
};

async function send(
  env: Env,
  shard: string,
  { target, stream }: Due,
  claimed: ClaimedDelivery,
  to: Destination,
  { share, overMs, inTurn }: PageLimits,
): Promise<DeliveryEnd> {
  const { org, createdAtMs, auditLog: currentLog } = target;
  if (stream === "metrics") {
    const bodies = await inTurn(() => encodePush(env, { org, shard, createdAtMs }));
    return pushMetrics(bodies, to, claimed, overMs);
  }
  const takeStep = () => share.take(QUERIES.step);
  return forwardAudit(env, { org, shard, currentLog, to }, claimed, { overMs, takeStep });
}
