import { describe, expect, it } from "vitest";
import {
  forgetPin,
  keepPin,
  type PinnedLog,
  type PinStore,
  pinName,
  readPin,
} from "#dashboard/proof/pinned-log.ts";
import { SyntheticLog } from "../harness/synthetic-log.ts";

const LOG = new SyntheticLog().append(4).sign().append(4).sign();

function pinAt(size: number): PinnedLog {
  const checkpoint = LOG.checkpoints.get(size) ?? "";
  const seenAt = "2026-11-28T16:00:00.000Z";
  return { vkey: LOG.vkey, checkpoint, seenAt, isCompared: false };
}

function memoryStore(): PinStore & { values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (name) => values.get(name) ?? null,
    setItem: (name, value) => void values.set(name, value),
    removeItem: (name) => void values.delete(name),
  };
}

describe("what is kept of a log", () => {
  it("is read back, by org and log alone", () => {
    const store = memoryStore();
    expect(keepPin(store, "acme", 1, pinAt(4))).toBe(true);
    expect(readPin(store, "acme", 1)).toEqual(pinAt(4));
    expect(readPin(store, "acme", 2)).toBeNull();
    expect(readPin(store, "other", 1)).toBeNull();
    forgetPin(store, "acme", 1);
    expect(readPin(store, "acme", 1)).toBeNull();
  });

  it("is never replaced by a smaller head, whichever tab comes last", () => {
    const store = memoryStore();
    keepPin(store, "acme", 1, pinAt(8));
    keepPin(store, "acme", 1, pinAt(4));
    expect(readPin(store, "acme", 1)).toEqual(pinAt(8));
  });

  it.each([
    "",
    "null",
    "7",
    "{}",
    '{"vkey":"x","checkpoint":"y"}',
    JSON.stringify({ ...pinAt(4), vkey: 7 }),
    JSON.stringify({ ...pinAt(4), checkpoint: "gone\n" }),
  ])("is nothing where it is illegible: %s", (text) => {
    const store = memoryStore();
    store.values.set(pinName("acme", 1), text);
    expect(readPin(store, "acme", 1)).toBeNull();
  });

  it("costs no proof where the browser keeps nothing", () => {
    const refuse = () => {
      throw new DOMException("denied", "SecurityError");
    };
    const store: PinStore = { getItem: refuse, setItem: refuse, removeItem: refuse };
    expect(readPin(store, "acme", 1)).toBeNull();
    expect(keepPin(store, "acme", 1, pinAt(4))).toBe(false);
    expect(() => forgetPin(store, "acme", 1)).not.toThrow();
  });
});
