/** What tells D1 of new entries is one alarm: it survives a kill, comes on time, and is mended when lost. */

import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { EventSource } from "./events.ts";
import { LogClient } from "./log-client.ts";

const TOLD_MS_MAX = 30_000;
/** A pass of the scrubber begins 20 hours after the last one, at the soonest. */
const HOUR_MS = 3_600_000;
/** Of an alarm in a busy machine; one that was put off comes another 15 s later. */
const LATE_MS_MAX = 8_000;

export async function runAlarms(runtime: Runtime, checks: Checks): Promise<void> {
  const events = new EventSource(31);
  const client = new LogClient(runtime, "alarm");
  const isTold = async (size: number) => (await client.row()).tree_size === size;
  const told = (size: number) =>
    waitUntil(() => isTold(size), { msMax: TOLD_MS_MAX, what: `D1 is told of ${size} entries` });
  const alarmAt = async () =>
    (await runtime.json<{ at: number | null }>("GET", `/ledger/alarm?org=${client.org}`)).at;

  await runtime.makeOrg(client.org);
  await told(1);
  await runtime.send("POST", "/ledger/tick");
  const restsMs = ((await alarmAt()) ?? 0) - Date.now();
  checks.equal("an org that is at rest has no alarm but the next pass'", restsMs > HOUR_MS, true);

  await client.append(events.events(1));
  await runtime.send("POST", `/ledger/lose-alarm?org=${client.org}`);
  await client.status();
  await told(2);
  checks.report("an alarm that was lost is set by whatever wakes the log", []);

  // Told of some and not signed yet: the rest is told at leisure, long after the kill.
  await client.append(events.events(1));
  const at = (await alarmAt()) ?? 0;
  await runtime.kill();
  await told(3);
  const lateMs = Date.now() - at;
  const seen = `${lateMs} ms late`;
  const isOnTime = at > 0 && lateMs < LATE_MS_MAX;
  checks.report("an alarm set before a kill wakes the log on time", isOnTime ? [] : [seen], seen);
}
