/** Kills at random moments of appends, signing, pruning and rotation, on logs that outlive all of them. */
import { setTimeout as delay } from "node:timers/promises";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { EventSource } from "./events.ts";
import { findProblems, findUnannounced, settle } from "./log-check.ts";
import { LogClient } from "./log-client.ts";

const SEED = 27;
const KILLS = 24;
const LOGS = 2;
const WRITERS = 6;
/** Of which one wins, again and again. */
const SIGNERS = 4;
const BATCHES = [1, 1, 1, 7, 40, 256];
/** From before the first answer until all jobs have run several times. */
const KILL_MS_MAX = 300;
/** A log that only grows would in the end be all that is checked. */
const PRUNED_EVERY = 3;

export async function runKills(runtime: Runtime, checks: Checks): Promise<void> {
  const clients = Array.from({ length: LOGS }, (_, log) => new LogClient(runtime, `kill-${log}`));
  for (const { org } of clients) await runtime.makeOrg(org);
  const problems: string[] = [];
  const stuck: string[] = [];
  let [ticksMax, cutRounds] = [0, 0];
  for (let round = 0; round < KILLS; round += 1) {
    const unanswered = countUnanswered(clients);
    await runRound(runtime, clients, round);
    if (countUnanswered(clients) > unanswered) cutRounds += 1;
    for (const client of clients) {
      problems.push(...(await findUnannounced(client)));
      const settled = await settle(client);
      ticksMax = Math.max(ticksMax, settled.ticks);
      stuck.push(...settled.problems);
      await client.readCheckpoint();
    }
    const found = await Promise.all(clients.map(findProblems));
    problems.push(...found.flat().map((problem) => `round ${round}: ${problem}`));
  }
  const entries = clients.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  const notes = clients.reduce((sum, { checkpoints }) => sum + checkpoints.size, 0);
  const statuses = await Promise.all(clients.map((client) => client.status()));
  const pruned = statuses.reduce((sum, status) => sum + status.minimum_index, 0);
  const cut = `${runtime.kills} kills, ${cutRounds} of them cut requests off`;
  checks.report("kills hit requests under way", cutRounds > KILLS / 2 ? [] : [cut], cut);
  const seen = `${entries} entries, ${pruned} pruned, ${notes} checkpoints`;
  checks.report("after each kill log, tree, receipts and checkpoints agree", problems, seen);
  const ticks = `at most ${ticksMax} ticks`;
  checks.report("after each kill the log is signed up to its head by ticks alone", stuck, ticks);
  checks.report("pruning was among what was killed", pruned > 0 ? [] : ["nothing was pruned"]);
}

function countUnanswered(clients: readonly LogClient[]): number {
  return clients.reduce((sum, { unanswered }) => sum + unanswered, 0);
}

async function runRound(
  runtime: Runtime,
  clients: readonly LogClient[],
  round: number,
): Promise<void> {
  let isOver = false;
  const repeat = async (seed: number, act: (random: EventSource, client: LogClient) => unknown) => {
    const random = new EventSource(SEED + round * 100 + seed);
    while (!isOver) await act(random, random.pick(clients));
  };
  const control = (path: string) => runtime.send("POST", path).catch(() => undefined);
  const jobs = [
    ...Array.from({ length: WRITERS }, (_, writer) =>
      repeat(writer, (random, client) => client.append(random.events(random.pick(BATCHES)))),
    ),
    ...Array.from({ length: SIGNERS }, (_, signer) =>
      repeat(50 + signer, (_random, client) => client.trySign()),
    ),
    repeat(90, () => control("/ledger/tick?hurry&sign")),
    repeat(91, () => control("/ledger/tick?hurry")),
    repeat(92, (_, client) => control(`/ledger/ring?org=${client.org}`)),
    repeat(93, (_, client) => client.readCheckpoint()),
  ];
  if (round % PRUNED_EVERY === 0) {
    const query = round % 2 === 0 ? "&overdue" : "";
    jobs.push(repeat(94, (_, { org }) => control(`/ledger/prune?org=${org}${query}`)));
  }
  if (round % PRUNED_EVERY === 1) {
    const { path } = clients[round % clients.length]!;
    jobs.push(repeat(95, () => control(`${path}/keys/rotate`)));
  }
  await delay(new EventSource(SEED + round).whole(KILL_MS_MAX));
  await runtime.kill();
  isOver = true;
  await Promise.all(jobs);
}
