import { describe, expect, it } from "vitest";
import { event, PROGRESS, relay, resultText, upstreamOf } from "./relayed.ts";

describe("A client that goes away", () => {
  it("cancels the upstream at once, and ends the relay once", async () => {
    const upstream = upstreamOf([event(PROGRESS), "HANG"]);
    const missing: string[] = [];
    const { response, ends } = relay(upstream, {
      missing: (_, idText) => `${missing.push(idText)}`,
    });
    const reader = response.body!.getReader();
    await reader.read();
    const waiting = reader.read();
    await turns();
    await reader.cancel();
    await waiting;
    await turns();

    expect(upstream.wasCancelled).toBe(true);
    expect(ends).toEqual(["client_gone"]);
    expect(missing).toEqual([]);
  });

  it("after its answer has had it", async () => {
    const { response, ends } = relay(upstreamOf([event(resultText(1)), "HANG"]));
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();

    expect(ends).toEqual(["done"]);
  });

  it("as the stream ends is one end, not two", async () => {
    const endings = [[event(PROGRESS)], [event(PROGRESS), "BREAK"], [event(resultText(1))]];
    for (const deeds of endings) {
      for (let microtasks = 0; microtasks < 30; microtasks++) {
        const { response, ends } = relay(upstreamOf(deeds));
        const reader = response.body!.getReader();
        await reader.read();
        const waiting = reader.read();
        for (let turn = 0; turn < microtasks; turn++) await null;
        await reader.cancel();
        await waiting;
        await turns();
        expect(ends).toHaveLength(1);
      }
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
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}
