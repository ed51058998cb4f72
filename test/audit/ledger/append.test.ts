import { describe, expect, it, vi } from "vitest";
import { parseCanonicalJson } from "#formats/canonical-json.ts";
import { entryHash, GENESIS_HASH } from "#formats/ledger/entry.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { parseTlogProof } from "#formats/tlog/tlog-proof.ts";
import {
  append,
  ledgerOf,
  makeEvent,
  makeEvents,
  newLog,
  refusalOf,
  sign,
  storedBodies,
} from "./test-log.ts";

const text = new TextDecoder();

/** Throws unless each entry names the hash of the one before, from the first on. */
function requireChain(bodies: readonly Uint8Array[]): void {
  let previous = GENESIS_HASH;
  for (const [seq, body] of bodies.entries()) {
    const event = parseCanonicalJson(text.decode(body));
    if (event?.["previous_hash"] !== previous) throw new Error(`entry ${seq} breaks the chain`);
    previous = entryHash(body);
  }
}

describe("Ledger.append", () => {
  it("numbers entries from 0 without a gap, each over the hash of the one before", async () => {
    const log = await newLog();
    const receipts = [
      ...(await append(log, makeEvents(3))),
      ...(await append(log, makeEvents(300))),
      ...(await append(log, makeEvents(1))),
    ];
    const bodies = await storedBodies(log);
    requireChain(bodies);
    expect(receipts.map(({ seq }) => seq)).toEqual(bodies.map((_, seq) => seq));
    expect(receipts.map(({ hash }) => hash)).toEqual(bodies.map(entryHash));
  });

  it("keeps one dense chain under 200 concurrent appenders, each receipt provable", async () => {
    const log = await newLog();
    const sent = makeEvents(200);
    const answers = await Promise.all(sent.map((event) => append(log, [event])));
    const bodies = await storedBodies(log);
    requireChain(bodies);
    expect(bodies).toHaveLength(200);
    const receipts = answers.flat().sort((a, b) => a.seq - b.seq);
    expect(receipts.map(({ seq }) => seq)).toEqual(bodies.map((_, seq) => seq));
    const { size, root } = parseCheckpoint(parseNote(await sign(log))?.text ?? "")!;
    for (const { seq, event_id, hash } of receipts) {
      expect(entryHash(bodies[seq]!)).toBe(hash);
      expect(text.decode(bodies[seq])).toContain(`"event_id":"${event_id}"`);
      const answer = await ledgerOf(log).proof(seq);
      const proof = parseTlogProof(answer.kind === "proof" ? answer.proof : "")!.hashes;
      const leaf = leafHash(bodies[seq]!);
      expect(verifyInclusion({ index: seq, size, leaf, root, proof })).toBe(true);
    }
  });

  it("takes full batches that arrive at once in an order of their own, each whole", async () => {
    const log = await newLog();
    const batches = Array.from({ length: 12 }, () => makeEvents(256));
    const answers = await Promise.all(batches.map((batch) => append(log, batch)));
    requireChain(await storedBodies(log));
    for (const receipts of answers) {
      const first = receipts[0]!.seq;
      expect(receipts.map(({ seq }) => seq)).toEqual(receipts.map((_, at) => first + at));
    }
    expect((await ledgerOf(log).status())?.treeSize).toBe(12 * 256);
  });

  it("costs no other request anything when one that shares its commit is refused", async () => {
    const log = await newLog();
    const known = makeEvent();
    await append(log, [known]);
    const ledger = ledgerOf(log);
    const refused = [makeEvent(), { ...known, actor: "user:mallory" }];
    const stranger = { ...log, org: "another" };
    const first = ledger.append(log, [makeEvent()]);
    const failed = refusalOf(() => ledger.append(stranger, [makeEvent()]));
    const results = await Promise.all([
      first,
      ledger.append(log, refused),
      ledger.append(log, [makeEvent({ details: { text: "x".repeat(70_000) } })]),
      ledger.append(log, [makeEvent()]),
    ]);
    expect(results.map(({ kind }) => kind)).toEqual([
      "appended",
      "conflict",
      "too_large",
      "appended",
    ]);
    expect(await failed).toContain("another log");
    const bodies = await storedBodies(log);
    requireChain(bodies);
    expect(bodies).toHaveLength(3);
  });

  it("gives concurrent copies of one event one entry and one receipt", async () => {
    const log = await newLog();
    const event = makeEvent();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, sender) =>
        append(log, [{ ...event, instance_id: `gw-${sender}`, recorded_by: `service:${sender}` }]),
      ),
    );
    expect(new Set(answers.map((receipts) => JSON.stringify(receipts))).size).toBe(1);
    expect(await storedBodies(log)).toHaveLength(1);
  });

  it("never lets the time of record fall, though the clock is set back", async () => {
    const log = await newLog();
    const nowMs = Date.now();
    try {
      vi.useFakeTimers({ toFake: ["Date"], now: nowMs + 3_600_000 });
      await append(log, [makeEvent()]);
      vi.setSystemTime(nowMs - 3_600_000);
      await append(log, makeEvents(2));
      vi.setSystemTime(nowMs + 7_200_000);
      await append(log, [makeEvent()]);
    } finally {
      vi.useRealTimers();
    }
    const times = (await storedBodies(log)).map((body) => {
      const at = parseCanonicalJson(text.decode(body))?.["recorded_at"];
      return Date.parse(String(at)) - nowMs;
    });
    expect(times.slice(0, 3)).toEqual([3_600_000, 3_600_000, 3_600_000]);
    expect(times[3]).toBe(7_200_000);
  });

  it("refuses to write as another log than the one it is", async () => {
    const log = await newLog();
    await append(log, [makeEvent()]);
    const stranger = { ...log, org: "another" };
    const refusal = await refusalOf(() => ledgerOf(log).append(stranger, [makeEvent()]));
    expect(refusal).toContain("another log");
    expect(await storedBodies(log)).toHaveLength(1);
  });
});
