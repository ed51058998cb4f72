/**
 * Mends, on the record, what a clock that was ahead has left behind: entries that go on carrying its time, and
 * samples that are refused until that time has come. The log says so first, and is followed by the deed.
 */

import { LEDGER_ACTIONS } from "#formats/ledger/entry.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { Operator } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import { orgParts } from "#orgs/org-lifecycle.ts";
import { correctMark, findMarkCorrection, type MarkCorrection } from "#orgs/store/pruned-mark.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { writeToLog } from "./current-log.ts";
import { ownEvent } from "./own-event.ts";
import { receiptsOf } from "./receipts.ts";

export interface ClockCorrection {
  /** The entry that tells of it. */
  seq: number;
  /** RFC 3339: the last entry's time of record, and the correction's own. */
  from: string;
  to: string;
  /** Null where no sample was refused for the clock's sake. */
  samples: MarkCorrection | null;
}

/** `conflict` where there is nothing to mend. */
export async function correctClock(
  env: Env,
  org: Org,
  reason: string,
  by: Operator,
): Promise<ClockCorrection> {
  const nowMs = Date.now();
  const db = shardDatabase(env, org.shard);
  // Of a deleted org nothing is left but the log.
  const isOpen = org.state === "active";
  const samples = isOpen ? await findMarkCorrection(db, org, nowMs) : null;
  const event = correctionEvent(org.org, { reason, ...markDetails(samples) }, by, nowMs);
  const { answer } = await writeToLog(env, org, (ledger, log) =>
    ledger.correctClock(log, event, samples !== null),
  );
  if (answer.kind === "nothing_to_correct") {
    const detail =
      "The log's times are not ahead of the clock, and no samples are refused but those of a time " +
      "of which samples were pruned.";
    return fail({ kind: "conflict", detail });
  }
  if (answer.kind !== "corrected") return refuse(answer);
  // A pruning has come between: what it has pruned is to be counted in, and the entry says otherwise.
  if (samples !== null && !(await correctMark(db, org.org, samples))) {
    return fail({ kind: "unavailable", retryAfterSeconds: 1 });
  }
  if (isOpen) for (const part of orgParts()) await part.correctClock?.(db, org.org, nowMs);
  const { seq, from, to } = answer;
  return { seq, from, to, samples };
}

function refuse(answer: Parameters<typeof receiptsOf>[0]): never {
  receiptsOf(answer, () => "/reason");
  return fail({ kind: "internal" });
}

function markDetails(samples: MarkCorrection | null): Record<string, string> {
  if (samples === null) return {};
  return {
    samples_refused_from: formatTimestamp(samples.fromMs),
    samples_refused_to: formatTimestamp(samples.toMs),
  };
}

function correctionEvent(
  org: string,
  details: Record<string, string>,
  { actor, requestId }: Operator,
  nowMs: number,
) {
  return ownEvent({
    action: LEDGER_ACTIONS.clockCorrected,
    actor,
    details,
    event_id: uuid7FromRandom(nowMs, crypto.getRandomValues(new Uint8Array(10))),
    recorded_by: actor,
    request_id: requestId,
    target: `audit://${org}`,
  });
}
