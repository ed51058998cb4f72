import { describe, expect, it } from "vitest";
import { TarCut, type TarInput, TarRefused, tarMembers } from "#formats/tar/tar-members.ts";
import { paxRecord, type RawHeader, rawMember, TAR_END } from "../../harness/raw-tar.ts";

function inputOf(bytes: Uint8Array): TarInput {
  return { read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

async function read(...parts: Uint8Array[]): Promise<string[]> {
  const tar = Buffer.concat(parts);
  const members: string[] = [];
  for await (const { name, type, offset, size } of tarMembers(inputOf(tar))) {
    const body = Buffer.from(tar.subarray(offset, offset + size)).toString();
    members.push(`${type} ${name} ${body}`);
  }
  return members;
}

const refusal = (...parts: Uint8Array[]) =>
  read(...parts).then(
    () => "taken",
    (error: unknown) => (error instanceof TarRefused ? "refused" : error),
  );

const GOOD = rawMember({ name: "a", body: "one" });

const REFUSED: readonly [string, RawHeader][] = [
  ...["\0", "1", "2", "3", "4", "6", "7", "D", "K", "L", "M", "S", "V", "X", "g", "N"].map(
    (type): [string, RawHeader] => [`type ${JSON.stringify(type)}`, { type, body: "" }],
  ),
  ["a size in base 256", { size: "\u{80}\0\0\0\0\0\0\0\0\0\0\u{3}" }],
  ["a negative size in base 256", { size: "\u{ff}".repeat(12) }],
  ["a size of twelve digits", { size: "000000000003" }],
  ["a size with a sign", { size: "-0000000003\0" }],
  ["a size that Python's int takes", { size: "0_000000003\0" }],
  ["a size with a blank before", { size: "          3\0" }],
  ["a size with digits behind its end", { size: "0000003\u00007777" }],
  ["no size", { size: "\0".repeat(12) }],
  ["a size of nines", { size: "99999999999\0" }],
  ["a mode that is no number", { mode: "rw-r--r-" }],
  ["an owner in base 256", { uid: "\u{80}\0\0\0\0\u{20}\0\0" }],
  ["a device number that is none", { devMajor: "zzzzzzz\0" }],
  ["no name", { name: "" }],
  ["a NUL in the name", { name: "a\0b" }],
  ["a name that goes on in the prefix", { prefix: "x" }],
  ["GNU's magic and a prefix", { magic: "ustar  \0", prefix: "x" }],
  ["no magic", { magic: "\0".repeat(8) }],
  ["another version", { magic: "ustar\u000001" }],
  ["a link name", { linkName: "b" }],
  ["a folder with a body", { type: "5", body: "one" }],
  ["a wrong checksum", { checksum: "000000\0 " }],
  ["no checksum", { checksum: "\0".repeat(8) }],
];

describe("a tar", () => {
  it("is read to its last member", async () => {
    const folder = rawMember({ name: "./", type: "5" });
    const gnu = rawMember({ name: "b", magic: "ustar  \0", body: "x".repeat(512) });
    const zeros = new Uint8Array(9_000);
    expect(await read(folder, GOOD, gnu, TAR_END, zeros)).toEqual([
      "directory ./ ",
      "file a one",
      `file b ${"x".repeat(512)}`,
    ]);
    expect(await read(TAR_END)).toEqual([]);
  });

  it.each(REFUSED)("is refused for %s", async (_name, header) => {
    const bent = rawMember({ name: "b", body: "two", ...header });
    expect(await refusal(GOOD, bent, TAR_END)).toBe("refused");
    expect(await refusal(bent, GOOD, TAR_END)).toBe("refused");
  });

  it("is refused for whatever follows its end", async () => {
    const block = new Uint8Array(512);
    const late = new Uint8Array(300_000);
    late[299_999] = 1;
    expect(await refusal(GOOD, block, GOOD, TAR_END)).toBe("refused");
    expect(await refusal(GOOD, TAR_END, GOOD, TAR_END)).toBe("refused");
    expect(await refusal(GOOD, TAR_END, late)).toBe("refused");
  });

  it("that breaks off anywhere is told from one that is bent", async () => {
    const tar = Buffer.concat([GOOD, GOOD, TAR_END]);
    for (const end of [0, 1, 511, 512, 700, 1_024, 1_536, 2_000, 2_048, 2_560, 3_071]) {
      expect(await refusal(tar.subarray(0, end)), `${end}`).toBeInstanceOf(TarCut);
    }
    expect(await refusal(tar)).toBe("taken");
  });
});

describe("a pax header", () => {
  const pax = (body: string) => rawMember({ name: "PaxHeader/a", type: "x", body });
  const TIMES = paxRecord("mtime", "1795132800.25") + paxRecord("uname", "bjørn");

  it("of times and owners changes nothing", async () => {
    expect(await read(pax(TIMES), GOOD, TAR_END)).toEqual(["file a one"]);
  });

  it.each([
    ["path", paxRecord("path", "b")],
    ["linkpath", paxRecord("linkpath", "b")],
    ["size", paxRecord("size", "1")],
    ["GNU.sparse.name", paxRecord("GNU.sparse.name", "b")],
    ["hdrcharset", paxRecord("hdrcharset", "BINARY")],
    ["SCHILY.xattr.x", paxRecord("SCHILY.xattr.x", "b")],
    ["a time that is none", paxRecord("mtime", "1\n9 path=b")],
    ["a record twice", paxRecord("mtime", "1") + paxRecord("mtime", "2")],
    ["a length that is too small", TIMES.replace("mtime", "xmtime")],
    ["a length that goes on behind the end", "99 mtime=1\n"],
    ["a length of zero", "0 mtime=1\n"],
    ["a blank before the length", " 11 mtime=1\n"],
    ["bytes behind the last record", `${TIMES}\0`],
    ["no key", "5 =1\n"],
  ])("is refused for %s", async (_name, records) => {
    expect(await refusal(pax(records), GOOD, TAR_END)).toBe("refused");
  });

  it("is refused where it speaks of no member, or not alone", async () => {
    expect(await refusal(pax(TIMES), TAR_END)).toBe("refused");
    expect(await refusal(pax(TIMES), pax(TIMES), GOOD, TAR_END)).toBe("refused");
    const large = paxRecord("uname", "x".repeat(5_000));
    expect(await refusal(pax(large), GOOD, TAR_END)).toBe("refused");
  });
});
