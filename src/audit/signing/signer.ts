/**
 * Signs heads. What was signed last is kept in D1, outside the ledgers: a head is signed only with a proof
 * that it extends what was signed, and leaves only after D1 has taken it in place of what it extends.
 */

import type { LogAddress } from "#audit/audit-log.ts";
import type { HeadAnswer, LastSigned, NewHead } from "#audit/ledger/head.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import {
  type AuditLogRow,
  findAuditLog,
  markFrozen,
  markPublished,
  recordSigned,
  type SignedStep,
  signLater,
} from "#audit/store/audit-logs.ts";
import { decodeBase64 } from "#formats/base64.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { EMPTY_ROOT } from "#formats/tlog/merkle-hash.ts";
import { verifyConsistency } from "#formats/tlog/merkle-verify.ts";
import type { Env } from "#platform/env.ts";
import { FailureError, fail } from "#platform/errors.ts";
import { logError } from "#platform/log-error.ts";
import type { SettingFault } from "#platform/setting-faults.ts";
import { shardDatabase } from "#platform/shards.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { seedsOfLog, withSeedsChosen } from "./first-seed.ts";
import { findOriginFault } from "./origin-check.ts";
import { faultsOfSeeds, refuseSeeds, type SeedFaults } from "./seed-check.ts";
import { wrongOrigin } from "./setting-fault.ts";
import { signedStep } from "./signed-step.ts";

const RETRY_AFTER_MS = MINUTE_MS;
/**
 * Calls in which a log's unsigned entries are checked, of the 10,000 that an invocation may make for 250 logs:
 * 262,144 entries. Of what is beyond, the next signature is.
 */
const CHECKING_CALLS_MAX = 32;

/**
 * What became of a log: `published` is the size that its ledger has for sure. It may have more, of which the
 * next signature is.
 */
export type SigningOutcome =
  | { kind: "published"; size: number; hasMore?: true }
  | { kind: "frozen"; reason: string }
  /** Another signer was faster. */
  | { kind: "overtaken" }
  | { kind: "failed"; error: unknown };

/** What is wrong with the settings for all logs, and is told once for all. */
interface KnownFaults {
  seeds: SeedFaults;
  /** Keeps logs from being begun; one that was signed says itself whether it still has its name. */
  origin: Promise<SettingFault | null>;
}

/**
 * Signs what the rows say is unsigned, with four queries for all of them, and two more for those that are not
 * signed yet. The outcomes are in the order of the rows.
 */
export async function signLogs(
  env: Env,
  shard: string,
  asked: readonly AuditLogRow[],
): Promise<SigningOutcome[]> {
  const db = shardDatabase(env, shard);
  // Where that fails, those that have none yet do, each by itself.
  const rows = await withSeedsChosen(env, db, asked).catch(() => asked);
  const seeds = await faultsOfSeeds(
    env,
    rows.flatMap((row) => seedsOfLog(env, row)),
  );
  const isBegun = rows.some(({ keys }) => keys.length === 0);
  const origin = isBegun ? findOriginFault(env) : Promise.resolve(null);
  // Whoever needs it fails with it, each log by itself.
  origin.catch(() => undefined);
  const faults = { seeds, origin };
  const decisions = await Promise.all(rows.map((row) => decideSafely(env, shard, row, faults)));
  const steps = decisions.flatMap((decision) => (decision.kind === "sign" ? [decision.step] : []));
  const recorded = steps.length === 0 ? [] : await recordSigned(db, steps, Date.now());
  const isRecorded = new Set(recorded.map(({ org, log }) => `${org}/${log}`));
  const outcomes = await Promise.all(
    decisions.map((decision) => publishSafely(env, shard, decision, isRecorded)),
  );
  await settle(db, rows, outcomes, faults);
  return outcomes;
}

type SigningDecision = { kind: "sign"; step: SignedStep; hasMore?: true } | SigningOutcome;

async function decideSafely(
  env: Env,
  shard: string,
  row: AuditLogRow,
  faults: KnownFaults,
): Promise<SigningDecision> {
  try {
    return await decide(env, shard, row, faults);
  } catch (error) {
    return { kind: "failed", error };
  }
}

async function decide(
  env: Env,
  shard: string,
  row: AuditLogRow,
  { seeds, origin }: KnownFaults,
): Promise<SigningDecision> {
  const address = { org: row.org, log: row.log, shard };
  if (row.frozenReason !== null) return { kind: "frozen", reason: row.frozenReason };
  // A checkpoint was signed, and then something died before the ledger had it.
  const resent = await publishAgain(env, address, row);
  if (resent !== null) return resent;
  if (row.seedChosen === 0) throw new Error("which seed was chosen for the log cannot be told");
  refuseSeeds(seeds, seedsOfLog(env, row));
  const root = row.signedRoot === null ? null : decodeBase64(row.signedRoot);
  const signed = { size: row.signedSize, root, toldSize: row.treeSize };
  const answer = await checkedHead(env, address, signed);
  switch (answer.kind) {
    case "head":
      if (row.keys.length === 0) refuseOrigin(await origin);
      return signHead(env, address, row, answer);
    case "unchanged":
      return signAgain(env, address, row) ?? { kind: "published", size: row.signedSize };
    case "behind":
      return recheck(env, address, answer.publishedSize);
    case "frozen":
      return answer;
    case "succeeded":
      return { kind: "frozen", reason: `it was succeeded by log ${answer.successor}` };
    case "other_origin":
      return fail(wrongOrigin());
  }
}

function refuseOrigin(fault: SettingFault | null): void {
  if (fault !== null) fail(fault);
}

/** The head, once the ledger has proven each entry that is not signed yet, some thousand a call. */
async function checkedHead(
  env: Env,
  address: LogAddress,
  signed: LastSigned,
): Promise<Exclude<HeadAnswer, { kind: "checked" }>> {
  let from = signed.size;
  for (let calls = 1; ; calls += 1) {
    const checks = { from, isLast: calls === CHECKING_CALLS_MAX };
    const answer = await callLedger(env, address, (ledger) =>
      ledger.headSince(address, signed, checks),
    );
    if (answer.kind !== "checked") return answer;
    from = answer.to;
  }
}

async function publishAgain(
  env: Env,
  address: LogAddress,
  { checkpoint, signedSize, publishedSize }: AuditLogRow,
): Promise<SigningOutcome | null> {
  if (checkpoint === null || publishedSize === signedSize) return null;
  const answer = await callLedger(env, address, (ledger) => ledger.publish(address, checkpoint));
  return answer.kind === "frozen" ? answer : null;
}

/**
 * The ledger has published more than this row says was signed. Every checkpoint is recorded before it
 * is published, so a row read after that answer which still says less has been set back.
 */
async function recheck(
  env: Env,
  address: LogAddress,
  publishedSize: number,
): Promise<SigningDecision> {
  const row = await findAuditLog(shardDatabase(env, address.shard), address);
  if ((row?.signedSize ?? 0) >= publishedSize) return { kind: "overtaken" };
  const reason = `the ledger has published ${publishedSize} entries, the signer's record says ${row?.signedSize ?? 0}: it was set back`;
  return freezeLedger(env, address, reason);
}

async function freezeLedger(
  env: Env,
  address: LogAddress,
  reason: string,
): Promise<SigningOutcome> {
  await callLedger(env, address, (ledger) => ledger.freeze(address, reason));
  return { kind: "frozen", reason };
}

async function signHead(
  env: Env,
  address: LogAddress,
  row: AuditLogRow,
  head: NewHead,
): Promise<SigningDecision> {
  const oldRoot = row.signedRoot === null ? EMPTY_ROOT : decodeBase64(row.signedRoot);
  const isConsistent = verifyConsistency({
    oldSize: row.signedSize,
    newSize: head.size,
    oldRoot: oldRoot ?? new Uint8Array(0),
    newRoot: head.root,
    proof: head.consistency,
  });
  if (!isConsistent) {
    return freezeLedger(
      env,
      address,
      `the head of size ${head.size} does not extend what was signed`,
    );
  }
  const step = signedStep(env, address, row, head);
  return { kind: "sign", step, ...(head.hasMore && { hasMore: true }) };
}

/**
 * Another signer covered a key's announcement before D1 knew of the rotation: then the rotation is due, and
 * no new head comes of it. Both keys sign the head that there is.
 */
function signAgain(env: Env, address: LogAddress, row: AuditLogRow): SigningDecision | null {
  const { rotationSeq, signedSize: size, signedRoot, oldestAtMs } = row;
  const root = signedRoot === null ? null : decodeBase64(signedRoot);
  if (rotationSeq === null || rotationSeq >= size || root === null) return null;
  const oldestAt = oldestAtMs === null ? null : formatTimestamp(oldestAtMs);
  const head: NewHead = { kind: "head", size, root, consistency: [], oldestAt, hasMore: false };
  return { kind: "sign", step: signedStep(env, address, row, head) };
}

async function publishSafely(
  env: Env,
  shard: string,
  decision: SigningDecision,
  isRecorded: ReadonlySet<string>,
): Promise<SigningOutcome> {
  if (decision.kind !== "sign") return decision;
  const { org, log, size, checkpoint } = decision.step;
  if (!isRecorded.has(`${org}/${log}`)) return { kind: "overtaken" };
  const address = { org, log, shard };
  try {
    const answer = await callLedger(env, address, (ledger) => ledger.publish(address, checkpoint));
    if (answer.kind === "published")
      return { kind: "published", size, ...(decision.hasMore && { hasMore: true }) };
    return { kind: "frozen", reason: answer.kind === "frozen" ? answer.reason : "succeeded" };
  } catch (error) {
    return { kind: "failed", error };
  }
}

async function settle(
  db: D1Database,
  rows: readonly AuditLogRow[],
  outcomes: readonly SigningOutcome[],
  faults: KnownFaults,
): Promise<void> {
  const published: { org: string; log: number; size: number }[] = [];
  const failed: { org: string; log: number }[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const { org, log } = rows[index]!;
    if (outcome.kind === "published") published.push({ org, log, size: outcome.size });
    if (outcome.kind === "frozen") await markFrozen(db, { org, log }, outcome.reason);
    if (outcome.kind !== "failed") continue;
    await logFailure(outcome.error, `${org}/${log}`, faults);
    failed.push({ org, log });
  }
  const nowMs = Date.now();
  if (published.length > 0) await markPublished(db, published, nowMs);
  if (failed.length > 0) await signLater(db, failed, nowMs + RETRY_AFTER_MS);
}

/** A setting that is wrong is wrong for many logs: the tick tells it once. */
async function logFailure(
  error: unknown,
  subject: string,
  { seeds, origin }: KnownFaults,
): Promise<void> {
  const renamed = await origin.catch(() => null);
  const told = [...seeds.values(), ...(renamed === null ? [] : [renamed])];
  const isTold =
    error instanceof FailureError &&
    error.failure.kind === "misconfigured" &&
    told.some(({ setting }) => setting === (error.failure as SettingFault).setting);
  if (!isTold) logError(error, { job: "sign", subject });
}
