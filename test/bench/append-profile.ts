/** Where the Worker and the ledger, which share a thread here, spend an append: for who makes it faster. */
import { makeAuditReports } from "../harness/audit-load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { sendTimed } from "../harness/timed-requests.ts";
import { selfTimesMs } from "./cpu-profile.ts";
import type { Figure } from "./figure.ts";

const REQUESTS = 100;
const EVENTS = 256;
const CONNECTIONS = 4;
const FUNCTIONS = 30;

export async function profileAppend(runtime: Runtime): Promise<Figure[]> {
  await runtime.makeOrg("profile");
  await append(runtime, 1);
  const selfMs = await selfTimesMs(runtime, () => append(runtime, 2));
  return [...selfMs].slice(0, FUNCTIONS).map(([name, ms]) => ({
    name: `self time of ${name}`,
    value: (ms * 1e3) / (REQUESTS * EVENTS),
    unit: "µs/event",
  }));
}

async function append(runtime: Runtime, seed: number): Promise<void> {
  const reports = makeAuditReports(REQUESTS, EVENTS, { hasEventIds: true, tracedShare: 0.5 }, seed);
  const path = "/v1/orgs/profile/audit";
  const requests = reports.map((report) => ({
    method: "POST",
    path,
    body: JSON.stringify(report),
  }));
  await sendTimed(runtime, requests, CONNECTIONS);
}
