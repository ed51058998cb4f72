import { describe, expect, it } from "vitest";
import { GENESIS_HASH } from "#formats/ledger/entry.ts";
import { readEntry } from "#formats/ledger/read-entry.ts";
import { entryBytes, eventAt } from "../../harness/synthetic-log.ts";

const utf8 = new TextEncoder();
const EVENT = eventAt(3, "acme");
const BYTES = entryBytes(EVENT, GENESIS_HASH);
const TEXT = new TextDecoder().decode(BYTES);

function faultOf(bytes: Uint8Array): string | null {
  const entry = readEntry(bytes);
  return "fault" in entry ? entry.fault : null;
}

describe("an entry", () => {
  it("is read for what a verification needs of it", () => {
    expect(readEntry(BYTES)).toEqual({
      action: EVENT["action"],
      details: EVENT["details"],
      org: "acme",
      previousHash: GENESIS_HASH,
      recordedAt: EVENT["recorded_at"],
    });
  });

  it.each([
    ["white space", TEXT.replace(",", ", ")],
    ["a key twice", TEXT.replace("{", '{"action":"x",')],
    ["keys in another order", TEXT.replace(/^\{("action":"[^"]*"),("actor":"[^"]*")/, "{$2,$1")],
    ["an escape that need not be", TEXT.replace("acme", "\\u0061cme")],
    ["a number", TEXT.replace('"invocation_id":null', '"invocation_id":1')],
    ["a list", TEXT.replace('"invocation_id":null', '"invocation_id":[]')],
    ["a carriage return", `${TEXT}\r`],
    ["a byte order mark", `\u{feff}${TEXT}`],
    ["a line feed", `${TEXT}\n`],
    ["half of itself", TEXT.slice(0, 100)],
    ["nothing", ""],
    ["another value", "null"],
  ])("is not canonical with %s", (_name, text) => {
    expect(faultOf(utf8.encode(text))).toBe("not_canonical");
  });

  it("says that line ends were converted", () => {
    expect(readEntry(utf8.encode(`${TEXT}\r`))).toMatchObject({
      message: expect.stringContaining("CRLF"),
    });
  });

  it("is not canonical where it is not UTF-8", () => {
    const bytes = BYTES.slice();
    bytes[20] = 0xff;
    expect(faultOf(bytes)).toBe("not_canonical");
  });

  it("has its members and no other", () => {
    expect(faultOf(utf8.encode("{}"))).toBe("wrong_members");
    expect(faultOf(entryBytes({ ...EVENT, zone: null }, GENESIS_HASH))).toBe("wrong_members");
  });

  it.each([
    ["actor", null],
    ["event_id", true],
    ["target", false],
    ["details", "text"],
    ["details", { nested: { deep: "x" } }],
    ["invocation_id", {}],
  ])("has a %s of its type, not %j", (name, value) => {
    expect(faultOf(entryBytes({ ...EVENT, [name]: value }, GENESIS_HASH))).toBe("wrong_type");
  });

  it.each(["", "0", "A".repeat(64), "a".repeat(63), "a".repeat(65)])(
    "names a hash in hex, not %j",
    (hash) => {
      expect(faultOf(entryBytes(EVENT, hash))).toBe("previous_hash_malformed");
    },
  );

  it.each([
    "2026-11-20T00:00:00Z",
    "2026-11-20T00:00:00.0000Z",
    "2026-11-20t00:00:00.000z",
    "2026-11-20T01:00:00.000+01:00",
    "2026-02-30T00:00:00.000Z",
    "yesterday",
  ])("is recorded at a time in our one form, not %s", (time) => {
    const bytes = entryBytes({ ...EVENT, recorded_at: time }, GENESIS_HASH);
    expect(faultOf(bytes)).toBe("recorded_at_malformed");
  });

  it("fits a bundle", () => {
    const bytes = entryBytes({ ...EVENT, details: { text: "x".repeat(65_535) } }, GENESIS_HASH);
    expect(faultOf(bytes)).toBe("too_long");
  });
});
