/** Streams to receivers that fail, from a runtime that is killed. */
import { join } from "node:path";
import type { Verdict } from "../exactness/checks.ts";
import { runLedgerSuite } from "../ledger/suite.ts";
import { runForwarding } from "./forwarding.ts";
import { runPushing } from "./pushing.ts";
import { Sink } from "./sink.ts";

export function runStreamsSuite(): Promise<Verdict> {
  return runLedgerSuite("streams", async ({ checks, start }) => {
    const runtime = await start({
      entry: join(import.meta.dirname, "streams-worker.ts"),
      settings: { MCPG_ALLOW_LOOPBACK: "true" },
    });
    const [receiver, collector] = [await Sink.start(), await Sink.start()];
    try {
      await runForwarding(runtime, receiver, checks);
      await runPushing(runtime, collector, checks);
    } finally {
      await Promise.all([receiver.stop(), collector.stop()]);
    }
  });
}
