/** What a request may cost, on the machine that it runs on. */

import { createHash } from "node:crypto";
import { cpuUsage } from "node:process";

/** Unless a request says more (worst-request.ts). Of Worker, database and ledger together. */
export const CPU_MS_MAX = 600;
/** An isolate has 128 MB, and what is not heap besides. */
export const HEAP_MB_MAX = 100;
export const NEIGHBOUR_P99_MS_MAX = 300;

/** What `referenceMs` is on two quiet cores. */
const REFERENCE_MS = 200;
/** Idle, the other org's p99 is under 30 ms there: where it is not, ten times as long is allowed. */
const IDLE_SHARE = 10;

/** How much longer this machine computes than the one that the limits are for; never less than 1. */
export function slowness(): number {
  return Math.max(1, Math.min(...Array.from({ length: 3 }, referenceMs)) / REFERENCE_MS);
}

export function neighbourMsMax(idleP99Ms: number): number {
  return Math.max(NEIGHBOUR_P99_MS_MAX, IDLE_SHARE * idleP99Ms);
}

/** Processor time of what a Worker does all day: JSON and SHA-256. */
function referenceMs(): number {
  const before = cpuUsage();
  const text = JSON.stringify(Array.from({ length: 20_000 }, (_, at) => ({ at, name: `n${at}` })));
  for (let round = 0; round < 20; round += 1) JSON.stringify(JSON.parse(text));
  for (let round = 0; round < 20; round += 1) createHash("sha256").update(text).digest();
  const { user, system } = cpuUsage(before);
  return (user + system) / 1e3;
}
