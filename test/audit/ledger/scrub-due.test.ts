import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { doctor } from "./doctored.ts";
import { runAlarms, runScrub } from "./run-pruning.ts";
import { append, ledgerOf, makeEvents, newLogOf, objectOf, sign } from "./test-log.ts";

// An hour ahead, so that no alarm goes off by itself.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("A pass of the scrubber", () => {
  it.each([0, -1, 1, -8_640_000_000_000_001])(
    "is due now where its row says %d, and whatever else is due rings too",
    async (nextAtMs) => {
      const log = await newLogOf(5);
      await sign(log);
      await runScrub(log);
      const before = (await ledgerOf(log).status())!.scrub!.passedAtMs!;
      await doctor(log, (sql) => void sql.exec("UPDATE scrub SET next_at_ms = ?", nextAtMs));
      vi.setSystemTime(Date.now() + 1_000);
      await append(log, makeEvents(1));
      const atMs = await runInDurableObject(objectOf(log), (_, { storage }) => storage.getAlarm());
      expect(Math.abs((atMs ?? 0) - Date.now())).toBeLessThan(1_000);
      await runAlarms(log);
      expect((await ledgerOf(log).status())!.scrub!.passedAtMs).toBeGreaterThan(before);
    },
  );
});
