/** One cron tick that signs 1,000 logs, against as many bare Ed25519 signatures. */
import { setTimeout as sleep } from "node:timers/promises";
import { sign } from "#formats/ed25519.ts";
import { AuditFleet } from "../harness/audit-load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { sendTimed } from "../harness/timed-requests.ts";
import type { Figure } from "./figure.ts";

export const SIGN_CONNECTIONS = 32;
const ORGS = 1_000;
const TOLD_WITHIN_MS = 120_000;
/** After this long, the runtime has put idle ledgers out of memory: a tick has to open each anew. */
const EVICTED_AFTER_MS = 12_000;

const orgNames = Array.from({ length: ORGS }, (_, index) => `sign-${index}`);

export async function benchAuditSign(runtime: Runtime): Promise<Figure[]> {
  const orgs = orgNames.map((org) => ({
    method: "POST",
    path: "/v1/orgs",
    body: JSON.stringify({ org, tier: "enterprise" }),
  }));
  const made = await sendTimed(runtime, orgs, SIGN_CONNECTIONS);
  const first = await tickAfterEvents(runtime, 0);
  const again = await tickAfterEvents(runtime, 0);
  const cold = await tickAfterEvents(runtime, EVICTED_AFTER_MS);
  return [
    { name: "1,000 orgs made", value: made.elapsedMs, unit: "ms" },
    { name: "tick, 1,000 logs to sign, first checkpoints (≤ 45,000)", ...inMs(first.tickMs) },
    { name: "  signed by it (target 1,000)", value: first.signed },
    { name: "  tick, one event later, proven consistent", ...inMs(again.tickMs) },
    { name: "  signed by it (target 1,000)", value: again.signed },
    { name: "  tick, one event later, ledgers out of memory", ...inMs(cold.tickMs) },
    { name: "  signed by it (target 1,000)", value: cold.signed },
    { name: "  1,000 bare signatures in Node", ...inMs(signBare()) },
  ];
}

function inMs(value: number) {
  return { value, unit: "ms" };
}

async function tickAfterEvents(runtime: Runtime, idleMs: number) {
  const fleet = new AuditFleet({ hasEventIds: true, tracedShare: 1 }, 3);
  const events = orgNames.map((org) => ({
    method: "POST",
    path: `/v1/orgs/${org}/audit`,
    body: JSON.stringify(fleet.report(1)),
  }));
  await sendTimed(runtime, events, SIGN_CONNECTIONS);
  await allTold(runtime);
  await sleep(idleMs);
  const sizesBefore = await sizes(runtime);
  const startedAt = performance.now();
  await runtime.tick();
  const tickMs = performance.now() - startedAt;
  const after = await sizes(runtime);
  const grown = [...after].filter(([org, size]) => size > (sizesBefore.get(org) ?? 0));
  return { tickMs, signed: grown.length };
}

/** Each ledger tells D1 of its own accord that there is something to sign. */
async function allTold(runtime: Runtime): Promise<void> {
  const untilMs = Date.now() + TOLD_WITHIN_MS;
  while ((await countTold(runtime)) < ORGS) {
    if (Date.now() > untilMs) throw new Error("not all ledgers have told D1 their size");
    await sleep(200);
  }
}

async function countTold(runtime: Runtime): Promise<number> {
  const query = `SELECT count(*) AS n FROM audit_logs
    WHERE org LIKE 'sign-%' AND sign_after_ms IS NOT NULL`;
  const [row] = await runtime.queryDatabase<{ n: number }>("SHARD_0", query);
  return row?.n ?? 0;
}

/** What is signed and has reached its ledger, by org. */
async function sizes(runtime: Runtime): Promise<Map<string, number>> {
  const query =
    "SELECT org, published_size AS size FROM audit_logs WHERE published_size = signed_size";
  const rows = await runtime.queryDatabase<{ org: string; size: number }>("SHARD_0", query);
  return new Map(rows.map(({ org, size }) => [org, size]));
}

function signBare(): number {
  const seed = new Uint8Array(32).fill(7);
  const startedAt = performance.now();
  for (let index = 0; index < ORGS; index += 1) sign(seed, Buffer.from(`note ${index}`));
  return performance.now() - startedAt;
}
