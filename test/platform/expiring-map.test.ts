import { describe, expect, it, vi } from "vitest";
import { ExpiringMap } from "#platform/expiring-map.ts";

describe("ExpiringMap", () => {
  const small = () => new ExpiringMap<number>({ ttlMs: 100, entriesMax: 2 });

  it("loads once within its age limit, counted from before the load", async () => {
    const map = small();
    const load = vi.fn(async () => 1);
    for (const nowMs of [0, 50, 99]) expect(await map.getOrLoad("a", nowMs, load)).toBe(1);
    expect(load).toHaveBeenCalledTimes(1);
    await map.getOrLoad("a", 100, load);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it("never keeps that something is not there, nor a failure", async () => {
    const map = small();
    expect(await map.getOrLoad("a", 0, async () => null)).toBeNull();
    await expect(map.getOrLoad("a", 0, () => Promise.reject(new Error("lost")))).rejects.toThrow();
    expect(await map.getOrLoad("a", 0, async () => 2)).toBe(2);
  });

  it("does not keep what was being read while it was evicted", async () => {
    const map = small();
    const { promise, resolve } = Promise.withResolvers<number>();
    const stale = map.getOrLoad("a", 0, () => promise);
    map.evict("a");
    resolve(1);
    expect(await stale).toBe(1);
    expect(await map.getOrLoad("a", 0, async () => 2)).toBe(2);
  });

  it("reads what is in use anew before it expires, once a second, and nobody waits for it", async () => {
    const map = new ExpiringMap<number>({ ttlMs: 30_000, entriesMax: 2 });
    await map.getOrLoad("a", 10_000, async () => 1);
    const { promise, resolve } = Promise.withResolvers<number>();
    const refresh = vi.fn(() => promise);
    for (const nowMs of [34_999, 35_000, 35_500]) {
      expect(await map.getOrLoad("a", nowMs, refresh)).toBe(1);
    }
    expect(refresh).toHaveBeenCalledTimes(1);
    expect(await map.getOrLoad("a", 36_000, () => Promise.reject(new Error("lost")))).toBe(1);
    resolve(2);
    await promise;
    // Its age counts from when it was asked for.
    expect(await map.getOrLoad("a", 64_999, async () => 3)).toBe(2);
    expect(await map.getOrLoad("b", 65_000, async () => 3)).toBe(3);
  });

  it("expires though it is in use where it cannot be read anew, and forgets what is no longer there", async () => {
    const map = new ExpiringMap<number>({ ttlMs: 30_000, entriesMax: 2 });
    await map.getOrLoad("a", 10_000, async () => 1);
    const lost = () => Promise.reject(new Error("lost"));
    expect(await map.getOrLoad("a", 39_999, lost)).toBe(1);
    await expect(map.getOrLoad("a", 40_000, lost)).rejects.toThrow("lost");
    await map.getOrLoad("b", 10_000, async () => 1);
    expect(await map.getOrLoad("b", 36_000, async () => null)).toBe(1);
    expect(await map.getOrLoad("b", 36_001, async () => 2)).toBe(2);
  });

  it("keeps what was read last, whichever read comes back last", async () => {
    const map = small();
    const { promise, resolve } = Promise.withResolvers<number>();
    const slow = map.getOrLoad("a", 0, () => promise);
    await map.getOrLoad("a", 1, async () => 2);
    resolve(1);
    expect(await slow).toBe(1);
    expect(await map.getOrLoad("a", 2, async () => 3)).toBe(2);
  });

  it("makes room by dropping the oldest", async () => {
    const map = small();
    for (const key of ["a", "b", "c"]) await map.getOrLoad(key, 0, async () => 1);
    expect(await map.getOrLoad("b", 0, async () => 2)).toBe(1);
    expect(await map.getOrLoad("a", 0, async () => 2)).toBe(2);
  });
});
