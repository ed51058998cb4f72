/** What has been played so far, and what it takes to have it pruned, is the bill. */
import { type Played, pruningOf, useOfParts } from "../../harness/cost/use.ts";
import { workerdCpuMs } from "../../harness/workerd-usage.ts";
import type { Player } from "./player.ts";
import { pruneAll } from "./prune-all.ts";

interface PlayedTime {
  startedCpuMs: number;
  minutes: number;
  /** When nothing of it is kept any more. */
  prunedAtMs: number;
}

export async function settleBill(
  player: Player,
  { startedCpuMs, minutes, prunedAtMs }: PlayedTime,
): Promise<Pick<Played, "parts" | "cpuMs" | "objectMs">> {
  const cpuMs = workerdCpuMs() - startedCpuMs;
  const { rows, requests, objectMs } = await player.takeBill();
  const pruning = await pruneAll(player, prunedAtMs);
  player.disconnect();
  const all = [...rows, ...pruningOf(pruning, minutes)];
  return { parts: useOfParts({ rows: all, requests }), cpuMs: cpuMs + pruning.cpuMs, objectMs };
}
