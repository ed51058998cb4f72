import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parseCheckpointNote,
  parseExportSummary,
  parseHashLines,
  parseKeyList,
} from "#formats/ledger/evidence.ts";
import { NdjsonLines } from "#formats/ledger/ndjson-lines.ts";
import { RewriteSearch } from "#formats/ledger/rewrite-search.ts";
import { orgOfOrigin } from "#formats/ledger/signed-head.ts";
import { hashLines, SyntheticLog } from "../../harness/synthetic-log.ts";

const utf8 = new TextEncoder();
const LOG = new SyntheticLog().append(300).sign();

describe("NDJSON lines", () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

  it("are the same however their bytes arrive", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 12 })),
        fc.string(),
        cuts,
        (texts, rest, sizes) => {
          const expected = texts.map((text) => text.replaceAll("\n", " "));
          const tail = rest.replaceAll("\n", " ");
          const bytes = utf8.encode(expected.map((text) => `${text}\n`).join("") + tail);
          const lines = new NdjsonLines();
          const found: string[] = [];
          for (let at = 0, chunk = 0; at < bytes.length; chunk += 1) {
            const end = at + sizes[chunk % sizes.length]!;
            for (const line of lines.push(bytes.slice(at, end)))
              found.push(new TextDecoder().decode(line));
            at = end;
          }
          expect(found).toEqual(expected);
          expect(lines.isCut).toBe(tail !== "");
        },
      ),
    );
  });

  it("that never end are handed on before they fill the memory", () => {
    const lines = new NdjsonLines();
    expect(lines.push(new Uint8Array(65_535))).toEqual([]);
    expect(lines.push(new Uint8Array(1))[0]?.length).toBe(65_536);
    expect(lines.isCut).toBe(false);
  });
});

describe("evidence", () => {
  it("reads hash lines, each of 32 bytes", () => {
    const hashes = [LOG.node(0, 0), LOG.node(0, 1)];
    expect(parseHashLines(hashLines(hashes))).toEqual(hashes);
    expect(parseHashLines("")).toEqual([]);
    for (const text of ["\n", "AAAA\n", hashLines(hashes).trimEnd(), `${hashLines(hashes)}\n`]) {
      expect(parseHashLines(text)).toBeNull();
    }
  });

  it("reads a list of keys, or none of it", () => {
    const json = LOG.keysJson();
    expect(parseKeyList(json)?.map(({ fromSize, toSize }) => [fromSize, toSize])).toEqual([
      [0, null],
    ]);
    const wrong = [
      "",
      "[]",
      "{}",
      '{"keys":[{}]}',
      json.replace('"from_size":0', '"from_size":-1'),
    ];
    for (const text of [...wrong, json.replace("acme", "acmf"), json.replace("null", '"5"')]) {
      expect(parseKeyList(text)).toBeNull();
    }
    expect(parseKeyList('{"keys":[]}')).toEqual([]);
  });

  it("reads log.json where its numbers are in order", () => {
    const summary = { origin: "x", from_seq: 3, to_seq: 5, tree_size: 9, minimum_index: 2 };
    const read = (changes: object) =>
      parseExportSummary(JSON.stringify({ ...summary, ...changes }));
    expect(read({})).toEqual({ origin: "x", fromSeq: 3, toSeq: 5, treeSize: 9, minimumIndex: 2 });
    const time = { from: "2026-11-20T00:00:00.000Z", to: "2026-11-21T00:00:00.000Z" };
    expect(read(time)?.time).toEqual(time);
    expect(read({ ...time, to: null })?.time).toEqual({ ...time, to: null });
    const wrong = [
      { from: time.from },
      { from: time.to, to: time.from },
      { from: "2026-11-20", to: null },
      { from: 1, to: null },
      { from_seq: 6 },
      { to_seq: 10 },
      { minimum_index: 4 },
      { from_seq: "3" },
      { origin: 1 },
    ];
    for (const changes of wrong) expect(read(changes)).toBeNull();
    expect(parseExportSummary("{")).toBeNull();
  });

  it("reads a checkpoint in its note", () => {
    expect(parseCheckpointNote(LOG.checkpoint!)?.checkpoint.size).toBe(300);
    expect(parseCheckpointNote("")).toBeNull();
    expect(parseCheckpointNote(LOG.checkpoint!.replace("300", "0300"))).toBeNull();
  });

  it("knows an audit log by its origin", () => {
    expect(orgOfOrigin(LOG.origin)).toBe("acme");
    expect(orgOfOrigin(`${LOG.origin}-2`)).toBe("acme");
    expect(orgOfOrigin(`${LOG.origin}-12`)).toBe("acme");
    for (const wrong of ["-1", "-0", "-02", "/x", "s"])
      expect(orgOfOrigin(LOG.origin + wrong)).toBeNull();
    expect(orgOfOrigin("example.com/behind-the-sofa")).toBeNull();
  });
});

describe("the search for where a history was rewritten", () => {
  function search(entries: readonly Uint8Array[], from: number, tiles = LOG) {
    const found = new RewriteSearch(from, LOG.peaks(from));
    for (let at = from; at < 300; at += 1) found.compare(tiles.node(0, at), entries[at]!);
    return [found.firstSeq, found.isProven(300, LOG.rootAt(300))];
  }

  it("finds the first altered entry, and proves it", () => {
    fc.assert(
      fc.property(fc.nat(299), fc.nat(299), (seq, from) => {
        const { entries } = LOG.rewritten(seq, { actor: "mallory" });
        expect(search(entries, from)).toEqual([Math.max(seq, from), true]);
      }),
      { numRuns: 20 },
    );
  });

  it("finds none in the entries that were signed", () => {
    expect(search(LOG.entries, 0)).toEqual([null, true]);
  });

  it("proves nothing by tiles that were rewritten as well", () => {
    const other = LOG.rewritten(9, { actor: "mallory" });
    expect(search(other.entries, 0, other)).toEqual([null, false]);
  });
});
