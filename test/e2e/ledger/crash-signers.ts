/** Two signers with two heads of one log, in either order: one of them is recorded, the other goes nowhere. */

import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { EventSource } from "./events.ts";
import { findProblems, settle } from "./log-check.ts";
import { LogClient } from "./log-client.ts";

/** Where D1 is asked to record what was signed. */
const RECORDING = encodeURIComponent("d1:signed_size = step.size");
const WAIT_MS_MAX = 10_000;

export async function runSigners(runtime: Runtime, checks: Checks): Promise<void> {
  for (const [first, order] of ["the older head", "the newer head"].entries()) {
    const client = new LogClient(runtime, `signers-${first}`);
    await runtime.makeOrg(client.org);
    await signTwice(client, first);
    const { problems } = await settle(client);
    await client.readCheckpoint();
    problems.push(...(await findProblems(client)));
    checks.report(`of two signers one wins: ${order} is recorded first`, problems);
  }
}

async function signTwice(client: LogClient, first: number): Promise<void> {
  const { runtime } = client;
  const events = new EventSource(first);
  const waiting = async (count: number) =>
    (await runtime.json<{ count: number }>("GET", "/ledger/waiting")).count === count;
  const arrived = (count: number) =>
    waitUntil(() => waiting(count), { msMax: WAIT_MS_MAX, what: `${count} signers wait` });
  await client.append(events.events(3));
  await runtime.json("POST", `/ledger/barrier?point=${RECORDING}`);
  const older = client.sign();
  await arrived(1);
  await client.append(events.events(3));
  const newer = client.sign();
  await arrived(2);
  await runtime.json("POST", `/ledger/release?index=${first}`);
  await (first === 0 ? older : newer);
  await runtime.json("POST", "/ledger/barrier");
  await Promise.all([older, newer]);
}
