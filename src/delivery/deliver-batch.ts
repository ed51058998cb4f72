/** A batch of orgs' streams, delivered: those that wait longest first, a few at a time. */

import { FOLD_MS_MAX, overAfter } from "#calls/figures/read-figures.ts";
import { FOLD_QUERIES } from "#calls/fold-job.ts";
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
import { lookUpOrg } from "#orgs/directory.ts";
import type { JobPlace, RunPlace, StepProgress } from "#platform/jobs/job.ts";
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

/**
 * Deliveries that go on at once, of the six connections that an invocation may have: the databases need
 * one.
 */
const AT_ONCE = 5;
/**
 * D1 queries of each. Metrics: the headers' key, claim, the org, looks for what is due (one) and for arrivals (two), whose
 * series, plugins and instances those are (five) and whether they were folded meanwhile (one), figures (five) and end. Audit: key, claim and end, and one more a step of forwarding. A chunk of arrivals is folded with the look for more.
 */
const QUERIES = { metrics: 18, audit: 3, step: 1, chunk: FOLD_QUERIES };
/** A step sends 1,000 entries at most: an org with a backlog leaves the others their turn. */
const STEPS_MAX = 20;
/**
 * How long a claim lasts, which is longer than a tick has time for: whoever still holds it then is no more.
 */
const CLAIM_MS = 60_000;
/** A tick that comes twice, or early, pushes nothing anew. */
const PUSH_INTERVAL_MS = 45_000;

interface Due {
  target: StreamTarget;
  stream: DeliveredStream;
}

/** What failed of our own doing is the run's failure: what a receiver does is in the delivery's state. */
export async function deliverBatch(
  place: RunPlace,
  targets: readonly StreamTarget[],
): Promise<StepProgress> {
  const due = await findDue(place, targets);
  const inTurn = oneAtATime();
  let progress: StepProgress = "done";
  const deliverNext = async () => {
    for (let one = due.shift(); one !== undefined; one = due.shift()) {
      const next = one;
      await place.attempt(next.target.org, async () => {
        if ((await deliver(place, next, inTurn)) === "more") progress = "more";
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, deliverNext));
  return progress;
}

/** Finds what is due without opening a header: most orgs have nothing to send. */
async function findDue({ env, shard }: JobPlace, targets: readonly StreamTarget[]): Promise<Due[]> {
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

/**
 * Does one work after another: an org's figures may take a quarter of an isolate's memory, until they are
 * encoded.
 */
type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

function oneAtATime(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

/** "more": queries or time are spent, and the org's next turn goes on from here. */
async function deliver(
  place: RunPlace,
  { target, stream }: Due,
  inTurn: InTurn,
): Promise<StepProgress> {
  const { env, shard } = place;
  if (!place.hasRoomFor(QUERIES[stream])) return "more";
  const own = await ownInForce(env, target.org, target, { ...target, shard });
  const to = outletOf(effectiveStreams(own, deploymentStreams(env)), stream);
  const db = shardDatabase(env, shard);
  const nowMs = Date.now();
  const claim = { nowMs, untilMs: nowMs + CLAIM_MS };
  const claimed = await claimDelivery(db, target.org, stream, claim);
  if (claimed === null) return "done";
  try {
    const steps = boundedSteps(place);
    const due = { target, stream };
    const end = to === null ? SEALED_AWAY : await send(place, due, claimed, to, { steps, inTurn });
    await endDelivery(db, claimed, end, Date.now());
    return steps.isCut ? "more" : "done";
  } catch (error) {
    const retryAtMs = Date.now() + retryDelayMs(claimed.failures, null);
    const end = { error: OUR_FAULT, retryAtMs, isDelivered: false };
    await endDelivery(db, claimed, end, Date.now());
    throw error;
  }
}

interface Steps {
  take(): boolean;
  /** One more step was wanted than there may be. */
  isCut: boolean;
}

function boundedSteps(place: RunPlace): Steps {
  let taken = 0;
  const steps: Steps = {
    isCut: false,
    take() {
      taken += 1;
      steps.isCut = taken > STEPS_MAX || !place.hasRoomFor(QUERIES.step);
      return !steps.isCut;
    },
  };
  return steps;
}

/** One chunk is folded in any case, for which the headroom of an invocation has room. */
function foldingIsOver({ overMs, hasRoomFor }: RunPlace): () => boolean {
  const isLate = overAfter(Math.min(FOLD_MS_MAX, overMs - Date.now()));
  return () => isLate() || !hasRoomFor(QUERIES.chunk);
}

const OUR_FAULT = "failed on our side";

/** The org set a receiver, and what it set cannot be opened any more. */
const SEALED_AWAY: DeliveryEnd = {
  error: "header values cannot be opened: set them again",
  retryAtMs: 0,
  isDelivered: false,
};

async function send(
  place: RunPlace,
  { target, stream }: Due,
  claimed: ClaimedDelivery,
  to: Destination,
  { steps, inTurn }: { steps: Steps; inTurn: InTurn },
): Promise<DeliveryEnd> {
  const { env, shard, overMs } = place;
  const { org: name, auditLog: currentLog } = target;
  if (stream === "metrics") {
    const org = await lookUpOrg(env, name, Date.now());
    if (org === null) throw new Error(`Cannot push: the directory does not know ${name}`);
    const bodies = await inTurn(() => encodePush(env, org, foldingIsOver(place)));
    return pushMetrics(bodies, to, claimed, overMs);
  }
  const limits = { overMs, takeStep: steps.take };
  return forwardAudit(env, { org: name, shard, currentLog, to }, claimed, limits);
}
