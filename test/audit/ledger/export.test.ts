import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import type { ExportRange } from "#audit/ledger/export-range.ts";
import type { EntryTime } from "#audit/ledger/times/timed-range.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { pruneTo } from "./run-pruning.ts";
import {
  append,
  ledgerOf,
  makeEvent,
  makeEvents,
  newLogOf,
  objectOf,
  sign,
  storedBodies,
} from "./test-log.ts";

const ALL: ExportRange = { from: null, to: null, isPublishedOnly: false };

const exported = () =>
  makeEvent({ action: "operator.audit.exported", details: { format: "ndjson" } });

async function lengthOf(log: LogAddress): Promise<number> {
  return (await storedBodies(log)).length;
}

describe("An export that a ledger begins", () => {
  it("gets the same answer when it is asked for twice, and is one entry", async () => {
    const log = await newLogOf(5);
    const event = exported();
    for (const range of [ALL, { ...ALL, from: 2 }]) {
      const asked = range.from === null ? event : exported();
      const first = await ledgerOf(log).beginExport(log, asked, range);
      await append(log, makeEvents(2));
      const size = await lengthOf(log);
      expect(first).toMatchObject({ kind: "export", from: range.from ?? 0 });
      expect(await ledgerOf(log).beginExport(log, asked, range)).toEqual(first);
      expect(await lengthOf(log)).toBe(size);
    }
  });

  it("by time gets the same answer when it is asked for twice, though more of that time has come", async () => {
    const log = await newLogOf(5);
    const event = exported();
    const range = { ...ALL, time: { from: "2026-01-01T00:00:00.000Z", to: null } };
    const first = await ledgerOf(log).beginExport(log, event, range);
    expect(first).toMatchObject({ kind: "export", from: 0, to: 5 });
    await append(log, makeEvents(2));
    expect(await ledgerOf(log).beginExport(log, event, range)).toEqual(first);
  });

  it("by time takes a bundle's end where many bundles have none of it in between, and leaves nothing out", async () => {
    const log = await newLogOf(0);
    const nowMs = Date.now();
    const at = (hours: number) => formatTimestamp(nowMs - hours * 3_600_000);
    const size = 256 * 68;
    const wanted = 256 * 66 + 9;
    const timeOf = (seq: number) => (seq === wanted ? at(20) : at(seq % 2 === 0 ? 40 : 1));
    await append(
      log,
      Array.from({ length: size }, (_, seq) => makeEvent({ occurred_at: timeOf(seq) })),
    );
    const range = { ...ALL, time: { from: at(21), to: at(19) } };
    const planned = await ledgerOf(log).beginExport(log, exported(), range);
    expect(planned).toMatchObject({ kind: "export", from: 256 * 64, to: wanted + 1 });
  }, 60_000);

  it("counts the bytes that its lines then have, whole bundles and parts of them", async () => {
    const log = await newLogOf(600);
    for (const [from, to] of [
      [0, 600],
      [0, 256],
      [1, 600],
      [255, 513],
      [300, 310],
      [600, 600],
    ] as const) {
      const range = { from, to, isPublishedOnly: false };
      const planned = await ledgerOf(log).beginExport(log, exported(), range);
      const { bytes } = await ledgerOf(log).lines({ from, to, bytesMax: 10_000_000 });
      expect(planned).toMatchObject({ kind: "export", bytes: bytes.length });
    }
  });

  it("is no pack of more than a tar can say without a dialect", async () => {
    const log = await newLogOf(600);
    await sign(log);
    const pack = { ...ALL, isPublishedOnly: true };
    const planned = async (bytes: number) => {
      await runInDurableObject(objectOf(log), (_, { storage }) => {
        storage.sql.exec("UPDATE bundles SET bytes = ? WHERE idx = 0", bytes);
      });
      return (await ledgerOf(log).beginExport(log, exported(), pack)).kind;
    };
    const size = await lengthOf(log);
    expect(await planned(8 ** 11)).toBe("too_large");
    expect(await lengthOf(log)).toBe(size);
    expect(await planned(8 ** 10)).toBe("export");
  });

  it("ends, and does not skip, where entries are pruned while it is read", async () => {
    const log = await newLogOf(600);
    await pruneTo(log, 512);
    const ledger = ledgerOf(log);
    for (const from of [0, 100, 511]) {
      const page = await ledger.lines({ from, to: 600, bytesMax: 1_000 });
      expect([page.next, page.bytes.length]).toEqual([from, 0]);
    }
    const page = await ledger.lines({ from: 512, to: 600, bytesMax: 10_000_000 });
    expect(page.next).toBe(600);
  });

  it("begins at the oldest entry that is left, and refuses those below", async () => {
    const log = await newLogOf(300);
    await pruneTo(log, 256);
    const planned = await ledgerOf(log).beginExport(log, exported(), ALL);
    expect(planned).toMatchObject({ kind: "export", from: 256, minIndex: 256 });
    const below = { ...ALL, from: 255 };
    const answer = await ledgerOf(log).beginExport(log, exported(), below);
    expect(answer).toEqual({ kind: "pruned", minIndex: 256 });
  });

  it("by time is of what is left, and refused where it may be of what is pruned", async () => {
    const log = await newLogOf(300);
    await pruneTo(log, 256);
    const { recorded_at } = JSON.parse(new TextDecoder().decode((await storedBodies(log))[0]));
    const later = formatTimestamp(Date.parse(recorded_at) + 1);
    const kindOf = async (time: EntryTime) => {
      const planned = await ledgerOf(log).beginExport(log, exported(), { ...ALL, time });
      return planned.kind === "export" ? planned.from >= 256 : planned.kind;
    };
    expect(await kindOf({ from: recorded_at, to: null })).toBe("pruned");
    expect(await kindOf({ from: "2026-01-01T00:00:00.000Z", to: recorded_at })).toBe("pruned");
    expect(await kindOf({ from: later, to: null })).toBe(true);
    expect(await kindOf({ from: null, to: later })).toBe(true);
  });

  it("is refused by a frozen log, which cannot record it", async () => {
    const log = await newLogOf(2);
    await sign(log);
    await ledgerOf(log).freeze(log, "because");
    const answer = await ledgerOf(log).beginExport(log, exported(), ALL);
    expect(answer).toEqual({ kind: "frozen", reason: "because" });
  });
});
