/** Calls to a ledger, from a Worker. */

import type { Ledger } from "#audit/ledger/ledger.ts";
import { type ContradictedRead, isContradicted } from "#audit/ledger/proven/contradiction.ts";
import { DEFAULT_ORG } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { FailureError, fail } from "#platform/errors.ts";
import type { LogAddress } from "./audit-log.ts";

/**
 * A ledger as a caller sees it: each answer in a promise. The runtime's own stub types dissolve unions. That a
 * read was contradicted no caller has to look for: `callLedger` fails with it.
 */
export type LedgerStub = {
  [Method in keyof Ledger]: Ledger[Method] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Exclude<Awaited<Answer>, ContradictedRead>>
    : never;
};

/**
 * Every method of a ledger may be called twice: entries have their ids before the first call. So a call
 * that failed on the way there is tried once more, on a fresh stub, for a stub that threw keeps throwing.
 * Fails with `log_contradicted` in place of an answer that the log cannot prove.
 */
export async function callLedger<Result>(
  env: Env,
  address: Pick<LogAddress, "org" | "log">,
  call: (ledger: LedgerStub) => Promise<Result>,
): Promise<Result> {
  const answer = await calledTwice(env, address, call);
  if (isContradicted(answer)) return fail({ kind: "log_contradicted", reason: answer.reason });
  return answer;
}

async function calledTwice<Result>(
  env: Env,
  address: Pick<LogAddress, "org" | "log">,
  call: (ledger: LedgerStub) => Promise<Result>,
): Promise<Result> {
  try {
    return await call(stubOf(env, address));
  } catch (error) {
    if (!isTransient(error)) throw error;
  }
  try {
    return await call(stubOf(env, address));
  } catch (error) {
    if (!isTransient(error)) throw error;
    throw new FailureError({ kind: "unavailable", retryAfterSeconds: 1 }, { cause: error });
  }
}

function stubOf(env: Env, { org, log }: Pick<LogAddress, "org" | "log">): LedgerStub {
  return env.LEDGER.getByName(`${org}/${log}`) as unknown as LedgerStub;
}

/** What the runtime says of errors that are not our code's (Durable Objects, "Error handling"). */
interface RuntimeError extends Error {
  retryable?: boolean;
  overloaded?: boolean;
  durableObjectReset?: boolean;
  remote?: boolean;
}

function isTransient(error: unknown): boolean {
  const { retryable, overloaded, durableObjectReset, remote } = error as RuntimeError;
  return Boolean(retryable || overloaded || durableObjectReset) || remote !== true;
}

/** One ledger stands for all: they are the same code on the same platform. */
export function probeLedger(env: Env): Promise<unknown> {
  return callLedger(env, { org: DEFAULT_ORG, log: 1 }, (ledger) => ledger.status());
}
