import { setTimeout as delay } from "node:timers/promises";
import type { Runtime } from "../../harness/runtime.ts";
import type { Account } from "./tracing-worker.ts";

/** Of five attempts with a collector that hangs 10 s in each, and the waits between them. */
const SETTLED_MS_MAX = 120_000;

/** Once nothing waits any more. */
export async function settledAccount(runtime: Runtime): Promise<Account> {
  const startedAt = performance.now();
  for (;;) {
    const account = await runtime.json<Account>("GET", "/test/account");
    if (account.waiting === 0) return account;
    if (performance.now() - startedAt > SETTLED_MS_MAX) {
      throw new Error(`spans still wait: ${JSON.stringify(account)}`);
    }
    await delay(100);
  }
}
