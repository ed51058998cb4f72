/**
 * Kills in the midst of calls through the gateway: whatever was decided has one completion and one sample, by one
 * id, and the figures count it once.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { randomSource } from "../../../harness/load.ts";
import type { Runtime } from "../../../harness/runtime.ts";
import type { Checks, Verdict } from "../../checks.ts";
import { runSuite } from "../../suite.ts";
import { CallsOnRecord } from "./calls-on-record.ts";

const SEED = 31;
const ROUNDS = 10;
const WRITERS = 16;
const CALL_MS_MAX = 300;
/** From before the first decision until many completions are in D1. */
const KILL_MS_MAX = 1_500;
/** An alarm's delivery that failed is due again by itself. */
const GIVE_UPS_MAX = 20;

const OPTIONS = {
  entry: join(import.meta.dirname, "../../../harness/gateway-worker.ts"),
  connections: WRITERS + 2,
  isKillable: true,
};

export function runRecordKillSuite(): Promise<Verdict> {
  return runSuite("gateway-kill", OPTIONS, async ({ checks, start }) =>
    runRounds(await start(), checks),
  );
}

async function runRounds(runtime: Runtime, checks: Checks): Promise<void> {
  const random = randomSource(SEED);
  const problems: string[] = [];
  const seen = { answered: 0, cut: 0, decided: 0, lost: 0, undecided: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const org = `gateway-kill-${round}`;
    await runtime.makeOrg(org);
    const calls = await callUntilKilled(runtime, org, random);
    const left = await giveUp(runtime, org);
    if (left > 0) problems.push(`${org}: ${left} calls are left in the object`);
    const record = await CallsOnRecord.read(runtime, org);
    problems.push(...record.findProblems(calls).map((problem) => `${org}: ${problem}`));
    seen.answered += calls.answered.size;
    seen.cut += calls.sent.size - calls.answered.size;
    seen.decided += record.decided;
    seen.lost += record.lost;
    seen.undecided += calls.sent.size - record.decided;
  }
  const told = Object.entries(seen).map(([word, count]) => `${count} ${word}`);
  const hits = seen.cut > 0 && seen.lost > 0 && seen.answered > 0 && runtime.kills === ROUNDS;
  checks.report("the kills hit calls under way", hits ? [] : told, told.join(", "));
  checks.report(
    "every decided call has one completion and one sample by its id, and is counted once",
    problems,
    `${seen.decided} calls, ${runtime.kills} kills`,
  );
}

export interface SentCalls {
  readonly sent: Set<string>;
  readonly answered: Set<string>;
}

async function callUntilKilled(
  runtime: Runtime,
  org: string,
  random: () => number,
): Promise<SentCalls> {
  const calls = { sent: new Set<string>(), answered: new Set<string>() };
  let isOver = false;
  const write = async () => {
    while (!isOver) {
      const id = uuid7FromRandom(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
      calls.sent.add(id);
      const ms = Math.floor(random() * CALL_MS_MAX);
      const path = `/gateway/call?org=${org}&id=${id}&ms=${ms}`;
      const answer = await runtime.send("POST", path).catch(() => null);
      if (answer?.status === 200) calls.answered.add(id);
    }
  };
  const writers = Array.from({ length: WRITERS }, write);
  await delay(random() * KILL_MS_MAX);
  isOver = true;
  await runtime.kill();
  await Promise.all(writers);
  return calls;
}

async function giveUp(runtime: Runtime, org: string): Promise<number> {
  let left = 1;
  for (let times = 0; times < GIVE_UPS_MAX && left > 0; times += 1) {
    ({ left } = await runtime.json<{ left: number }>("POST", `/gateway/give-up?org=${org}`));
  }
  return left;
}
