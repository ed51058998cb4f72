/** Lets the time pass after which all that is there is to go, and has it pruned. */
import type { Bill } from "../../harness/cost/tally.ts";
import { workerdCpuMs } from "../../harness/workerd-usage.ts";
import type { Player } from "./player.ts";

/** As far apart as ticks may be, for a clock that has jumped to be trusted after an hour of them. */
const TICK_MS = 600_000;
/** The shard trusts it after six, and only then has the ledger look at its own, which takes as long. */
const IDLE_TICKS = 14;
const TICKS_MAX = 60;

export interface Pruning {
  rows: Bill["rows"];
  /** Of the ticks that pruned, and of what they had the ledger do. */
  cpuMs: number;
}

/** The time that it takes at most. */
export const PRUNING_MS = TICKS_MAX * TICK_MS;

export async function pruneAll(player: Player, atMs: number): Promise<Pruning> {
  await player.standAt(atMs);
  await player.takeBill();
  const pruning: Pruning = { rows: [], cpuMs: 0 };
  let idleTicks = 0;
  for (let tick = 0; idleTicks < IDLE_TICKS; tick += 1) {
    if (tick === TICKS_MAX) throw new Error("pruning does not end");
    const startedCpuMs = workerdCpuMs();
    await player.tick(atMs + tick * TICK_MS);
    const { rows } = await player.takeBill();
    const isPruning = rows.some(({ part, written }) => part === "pruning" && written > 0);
    idleTicks = isPruning ? 0 : idleTicks + 1;
    pruning.rows.push(...rows);
    if (isPruning) pruning.cpuMs += workerdCpuMs() - startedCpuMs;
  }
  return pruning;
}
