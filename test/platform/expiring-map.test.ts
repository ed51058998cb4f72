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

  it("makes room by dropping the oldest", async () => {
    const map = small();
    for (const key of ["a", "b", "c"]) await map.getOrLoad(key, 0, async () => 1);
    expect(await map.getOrLoad("b", 0, async () => 2)).toBe(1);
    expect(await map.getOrLoad("a", 0, async () => 2)).toBe(2);
  });
});
