import { describe, expect, it } from "vitest";
import { event, PROGRESS, relay, resultText, upstreamOf } from "./relayed.ts";

describe("A client that goes away", () => {
  it("cancels the upstream at once, and ends the relay once", async () => {
    const upstream = upstreamOf([event(PROGRESS), "HANG"]);
    const { response, ends } = relay(upstream);
    const reader = response.body!.getReader();
    await reader.read();
    const waiting = reader.read();
    await reader.cancel();
    await waiting;

    expect(upstream.wasCancelled).toBe(true);
    expect(ends).toEqual(["client_gone"]);
  });

  it("after its answer has had it", async () => {
    const { response, ends } = relay(upstreamOf([event(resultText(1)), "HANG"]));
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();

    expect(ends).toEqual(["done"]);
  });

  it("as the stream ends is one end, not two", async () => {
    for (const deeds of [[event(PROGRESS)], [event(PROGRESS), "BREAK"], [event(resultText(1))]]) {
      const { response, ends } = relay(upstreamOf(deeds as string[]));
      const reader = response.body!.getReader();
      await reader.read();
      await Promise.allSettled([reader.read(), reader.cancel()]);
      await turns();
      expect(ends).toHaveLength(1);
    }
  });

  it("or is slow leaves the upstream unread", async () => {
    function* endless() {
      for (;;) yield event("x".repeat(10_000));
    }
    const upstream = upstreamOf(endless());
    const reader = relay(upstream, {
      bytesMax: Number.POSITIVE_INFINITY,
    }).response.body!.getReader();
    for (let read = 0; read < 5; read++) await reader.read();
    await turns();

    expect(upstream.reads).toBeLessThanOrEqual(6);
    await reader.cancel();
  });
});

/** Whatever would still be done by itself is. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}
