/**
 * Audit entries to the org's receiver: every entry of its logs, in order, each at least once, as NDJSON of
 * the bytes that are hashed. The cursor moves once the receiver took a batch, so that a crash repeats one
 * and leaves out none. Headers say which entries a batch holds, so that the receiver can tell.
 */

import { type LogAddress, logOrigin } from "#audit/audit-log.ts";
import {
  type AuditStep,
  advanceDelivery,
  type ClaimedDelivery,
  type DeliveryEnd,
} from "#delivery/store/stream-deliveries.ts";
import type { Env } from "#platform/env.ts";
import type { PostResult } from "#platform/outgoing/post.ts";
import { originHost } from "#platform/settings.ts";
import { shardDatabase } from "#platform/shards.ts";
import type { Destination } from "#streams/observability.ts";
import { postPatiently, retryDelayMs } from "./attempts.ts";
import { nextBatch } from "./audit-batch.ts";

const BATCH_ROWS_MAX = 1_000;

export interface ForwardTarget {
  org: string;
  shard: string;
  /** The log that the org's entries go to now: earlier ones are closed. */
  currentLog: number;
  to: Destination;
}

export interface ForwardLimits {
  overMs: number;
  /** True if another step may be taken, which sends D1 a query. */
  takeStep: () => boolean;
}

type Step =
  | { kind: "moved"; step: AuditStep }
  | { kind: "smaller"; rowsMax: number }
  | { kind: "done"; error: string | null; retryAfterMs: number | null };

/**
 * Forwards entries until all are sent, the receiver fails, the time or the steps are up, or another
 * forwarder has overtaken this one.
 */
export async function forwardAudit(
  env: Env,
  target: ForwardTarget,
  claimed: ClaimedDelivery,
  { overMs, takeStep }: ForwardLimits,
): Promise<DeliveryEnd> {
  const db = shardDatabase(env, target.shard);
  let rowsMax = BATCH_ROWS_MAX;
  for (let at: ClaimedDelivery | null = claimed; at !== null && takeStep(); ) {
    const taken: Step = await takeNext(env, target, at, { rowsMax, overMs });
    if (taken.kind === "done") return endOf(at, taken);
    if (taken.kind === "smaller") rowsMax = taken.rowsMax;
    else at = await advanceDelivery(db, at, taken.step, Date.now());
  }
  return { error: null, retryAtMs: 0, isDelivered: false };
}

function endOf(at: ClaimedDelivery, done: Step & { kind: "done" }): DeliveryEnd {
  const { error, retryAfterMs } = done;
  const delayMs = error === null ? 0 : retryDelayMs(at.failures, retryAfterMs);
  return { error, retryAtMs: delayMs === 0 ? 0 : Date.now() + delayMs, isDelivered: false };
}

async function takeNext(
  env: Env,
  target: ForwardTarget,
  at: ClaimedDelivery,
  { rowsMax, overMs }: { rowsMax: number; overMs: number },
): Promise<Step> {
  const address = { org: target.org, log: at.log, shard: target.shard };
  const batch = await nextBatch(env, address, { from: at.nextSeq, rowsMax });
  const isClosed = at.log < target.currentLog;
  switch (batch.kind) {
    case "pruned":
      return moved(at.log, batch.next, batch.next - at.nextSeq);
    case "broken":
      // The log's successor says what was last signed of it; nothing more will come of this log.
      return isClosed ? moved(at.log + 1, 0) : done(batch.problem);
    case "end":
      return isClosed ? moved(at.log + 1, 0) : done(null);
    case "lines": {
      const lines = { address, from: at.nextSeq, ...batch };
      const result = await postPatiently(postOf(env, target.to, lines), overMs);
      return stepAfter(result, lines);
    }
  }
}

interface Lines {
  address: LogAddress;
  from: number;
  next: number;
  bytes: Uint8Array;
}

function stepAfter(result: PostResult, { address, from, next }: Lines): Step {
  if (result.kind === "taken") return moved(address.log, next, 0, true);
  const isTooLarge = result.status === 413 && next - from > 1;
  if (isTooLarge) return { kind: "smaller", rowsMax: Math.floor((next - from) / 2) };
  return done(result.problem, result.retryAfterMs);
}

function moved(log: number, nextSeq: number, missed = 0, isDelivered = false): Step {
  return { kind: "moved", step: { log, nextSeq, missed, isDelivered } };
}

function done(error: string | null, retryAfterMs: number | null = null): Step {
  return { kind: "done", error, retryAfterMs };
}

/** The same batch has the same key, however often it is sent; another batch may hold some of its entries. */
function postOf(env: Env, { endpoint, headers }: Destination, lines: Lines) {
  const { address, from, next, bytes } = lines;
  const origin = logOrigin(originHost(env), address);
  const described = {
    "content-type": "application/x-ndjson",
    "idempotency-key": `${origin}/${from}-${next - 1}`,
    "x-mcpg-org": address.org,
    "x-mcpg-log-origin": origin,
    "x-mcpg-first-seq": String(from),
    "x-mcpg-last-seq": String(next - 1),
  };
  return { url: endpoint, headers, described, body: bytes, readsAnswer: false };
}
