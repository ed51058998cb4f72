/** `npm start` whose runtime is killed again and again: it comes back each time, with all that it took. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failuresAfter, restartDelayMs } from "../../../scripts/start/restart-delay.ts";
import { Checks, type Verdict } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { NpmStart } from "./npm-start.ts";
import { countedCalls, denials, recordDenial, reportCall } from "./reports.ts";

const KILLS = 11;
/** The longest pause, a start, and a machine that is busy. */
const BACK_MS_MAX = 60_000;

export async function runRestartSuite(): Promise<Verdict> {
  const checks = new Checks("start-restarts");
  checkDelays(checks);
  const stateDir = await mkdtemp(join(tmpdir(), "mcpg-restarts-"));
  try {
    await checkKills(checks, stateDir);
  } catch (error) {
    checks.report("the suite runs to its end", [String((error as Error).stack ?? error)]);
  }
  await rm(stateDir, { recursive: true, force: true });
  return checks.verdict;
}

function checkDelays(checks: Checks): void {
  const rows = [1, 2, 3, 7, 8, 100, 10_000];
  const longest = rows.map((failures) => restartDelayMs(failures, 1));
  checks.equal(
    "pauses double up to a limit, for ever",
    longest,
    [100, 200, 400, 6_400, 10_000, 10_000, 10_000],
  );
  const shortest = rows.map((failures) => restartDelayMs(failures, 0));
  checks.equal(
    "and are spread over their upper half",
    shortest,
    [50, 100, 200, 3_200, 5_000, 5_000, 5_000],
  );
  const row = [failuresAfter(8, 29_999), failuresAfter(8, 30_000)];
  checks.equal("a run that served well begins a new row", row, [9, 1]);
}

async function checkKills(checks: Checks, stateDir: string): Promise<void> {
  const { start } = await NpmStart.run(stateDir);
  const events: string[] = [];
  for (let round = 0; round < KILLS; round++) {
    const event = `0193a000-0000-7000-8000-${String(round).padStart(12, "0")}`;
    events.unshift(event);
    await untilTaken(() => reportCall(start, `round-${round}`), `the report of round ${round}`);
    await untilTaken(() => recordDenial(start, event), `the event of round ${round}`);
    killSome(start, round % 3 === 2 ? "runtime-process.ts" : "workerd");
    await untilTold(start, round + 1);
  }
  await untilTaken(() => reportCall(start, "last"), "a report after the last kill");
  checks.report(`serves again after each of ${KILLS} kills`, []);
  checks.equal("counts what it took, once each", await countedCalls(start), KILLS + 1);
  checks.equal("has every entry, once each", await denials(start), events);
  checks.report("tells each of them in its log, and that it is back", []);
  checks.equal("leaves nothing behind when it is killed itself", await start.stop("SIGKILL"), true);
}

function killSome(start: NpmStart, name: string): void {
  const found = start.processes().filter((one) => one.name === name);
  if (found.length === 0) throw new Error(`there is no ${name} to kill`);
  for (const { pid } of found) process.kill(pid, "SIGKILL");
}

/** That it stopped, and that it is back. */
async function untilTold(start: NpmStart, kills: number): Promise<void> {
  const told = /^the Worker stopped serving \(.+\); restart \d+ in \d+ ms$/gm;
  const back = /^serving again on http:/gm;
  for (const pattern of [told, back]) {
    const isTold = async () => start.countOf(pattern) >= kills;
    await waitUntil(isTold, { msMax: BACK_MS_MAX, what: `kill ${kills} is told, ${pattern}` });
  }
}

/** Sent again as a gateway would: the same request, until it is answered. */
async function untilTaken(send: () => Promise<Response>, what: string): Promise<void> {
  const isTaken = () =>
    send().then(
      ({ ok }) => ok,
      () => false,
    );
  await waitUntil(isTaken, { msMax: BACK_MS_MAX, what });
}
