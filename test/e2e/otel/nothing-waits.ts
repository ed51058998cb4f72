/** Callers' calls are counted once they have waited: reads settle what is due. */
import { setTimeout as delay } from "node:timers/promises";
import type { Runtime } from "../../harness/runtime.ts";

const POLL_MS = 500;

export interface PairingStatus {
  calls: { waiting: number; late: number };
}

export async function nothingWaits(runtime: Runtime, org: string): Promise<PairingStatus> {
  for (;;) {
    await runtime.send("GET", `/v1/orgs/${org}/metrics`);
    const path = `/v1/orgs/${org}/observability/status`;
    const status = await runtime.json<PairingStatus>("GET", path);
    if (status.calls.waiting === 0) return status;
    await delay(POLL_MS);
  }
}
