/** Streams to receivers that fail, from a runtime that is killed. */
import { join } from "node:path";
import type { Verdict } from "../checks.ts";
import { runSuite } from "../suite.ts";
import { runForwarding } from "./forwarding.ts";
import { runPushing } from "./pushing.ts";
import { Sink } from "./sink.ts";

const OPTIONS = {
  entry: join(import.meta.dirname, "streams-worker.ts"),
  settings: { MCPG_ALLOW_LOOPBACK: "true" },
  connections: 32,
  isKillable: true,
  // The receivers' faults are meant.
  isSilent: true,
};

export function runStreamsSuite(): Promise<Verdict> {
  return runSuite("streams", OPTIONS, async ({ checks, start }) => {
    const runtime = await start();
    const [receiver, collector] = [await Sink.start(), await Sink.start()];
    try {
      await runForwarding(runtime, receiver, checks);
      await runPushing(runtime, collector, checks);
    } finally {
      await Promise.all([receiver.stop(), collector.stop()]);
    }
  });
}
