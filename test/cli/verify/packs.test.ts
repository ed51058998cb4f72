import fc from "fast-check";
import { unpackTar } from "modern-tar";
import { describe, expect, it } from "vitest";
import { judgeLog } from "#cli/verify/judge-log.ts";
import { openPack } from "#cli/verify/pack/pack-source.ts";
import { outcomeOf } from "#formats/ledger/verdicts.ts";
import type { TarInput } from "#formats/tar/tar-members.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { NOT_JUDGED } from "../../formats/ledger/evidence-of.ts";
import {
  headerOffsets,
  paxRecord,
  type RawHeader,
  rawMember,
  TAR_END,
  withChecksum,
} from "../../harness/raw-tar.ts";
import { SyntheticLog } from "../../harness/synthetic-log.ts";
import { type PackMembers, packMembers, proofOf, tarOf } from "../../harness/synthetic-pack.ts";

const LOG = new SyntheticLog().append(4).announceKey("next").append(3).sign().append(5).sign();
const OTHER = new SyntheticLog({ org: "other" }).append(20).sign();

interface Judged {
  outcome: string;
  messages: string[];
}

function inputOf(bytes: Uint8Array): TarInput {
  return { read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

async function judge(input: TarInput, isPartAccepted = false): Promise<Judged> {
  const source = await openPack(input);
  const { unsigned: _, ...gathered } = source.evidence;
  const pinned = parseVkey(LOG.newestVkey);
  const report = await judgeLog(source, {
    ...gathered,
    pinned,
    kept: [],
    freshness: NOT_JUDGED,
    isPartAccepted,
  });
  const messages = report.findings.map(({ message }) => message);
  return { outcome: outcomeOf(report.findings), messages };
}

const judgeTar = (bytes: Uint8Array) => judge(inputOf(bytes));
const judgeMembers = async (members: Iterable<[string, string | Uint8Array]>) =>
  judgeTar(await tarOf(members));

const tar = await tarOf(packMembers(LOG));
const offsets = headerOffsets(tar);
const end = tar.length - TAR_END.length;
const forged = Buffer.from('{"action":"forged"}\n');

/** The pack with a member more: before all others, or behind them. */
function withMember(header: RawHeader, isFirst: boolean): Uint8Array {
  const parts = [tar.subarray(0, end), TAR_END];
  return Buffer.concat(parts.toSpliced(isFirst ? 0 : 1, 0, rawMember(header)));
}

const TWINS = [
  "entries.ndjson",
  "./entries.ndjson",
  "././entries.ndjson",
  ".//entries.ndjson",
  "/entries.ndjson",
  "//entries.ndjson",
  "a/../entries.ndjson",
  "../entries.ndjson",
  "proofs/../entries.ndjson",
  "entries.ndjson/",
  "entries.ndjson/.",
  "entries.ndjson.",
  "entries.ndjson ",
  "ENTRIES.ndjson",
  "entries.NDJSON",
  "entrieſ.ndjson",
  ".\\entries.ndjson",
  "entries.ndjson:x",
  "C:entries.ndjson",
  "checkpoint",
  "CHECKPOINT",
  "./proofs/0.tlog-proof",
  "proofs//0.tlog-proof",
  "proofs/00.tlog-proof",
  "proofs/5.tlog-proof",
  "checkpoints/3",
  "README.md\r",
  "readme.md",
  ".README.md",
  "note.txt",
];

describe("a pack", () => {
  it("is verified, and so is what tar tools make of its folder", async () => {
    expect(await judgeTar(tar)).toEqual({ outcome: "VERIFIED", messages: [] });
    const folders = [".", "checkpoints/", "proofs/"].map((name) =>
      rawMember({ name: name === "." ? "./" : `./${name}`, type: "5", magic: "ustar  \0" }),
    );
    const files = [...packMembers(LOG)]
      .reverse()
      .flatMap(([name, body]) => [
        rawMember({ name: "PaxHeaders/x", type: "x", body: paxRecord("mtime", "1795132800.5") }),
        rawMember({ name: `./${name}`, magic: "ustar  \0", body }),
      ]);
    const repacked = Buffer.concat([...folders, ...files, TAR_END, new Uint8Array(7_000)]);
    expect(await judgeTar(repacked)).toEqual({ outcome: "VERIFIED", messages: [] });
  });

  it("is read once, each byte of it", async () => {
    const times = new Uint8Array(tar.length);
    const read: TarInput["read"] = async (offset, length) => {
      const bytes = tar.subarray(offset, offset + length);
      for (let at = offset; at < offset + bytes.length; at += 1) times[at]! += 1;
      return bytes;
    };
    expect((await judge({ read })).outcome).toBe("VERIFIED");
    expect(Math.max(...times)).toBe(1);
  });

  it.each(TWINS)(
    "is refused for a second member %j, wherever it stands and whatever it is",
    async (name) => {
      const twins: RawHeader[] = [
        { name, body: forged },
        { name, type: "1", linkName: "log.json" },
        { name, type: "2", linkName: "log.json" },
        { name, type: "5" },
      ];
      const bent = twins.flatMap((twin) => [withMember(twin, true), withMember(twin, false)]);
      const outcomes = await Promise.all(bent.map(async (pack) => (await judgeTar(pack)).outcome));
      expect(new Set(outcomes)).toEqual(new Set(["INVALID"]));
    },
  );

  it("is refused for one of its files under another name, though it be the only one", async () => {
    for (const name of ["././entries.ndjson", "/entries.ndjson", "x/../entries.ndjson"]) {
      const members = [...packMembers(LOG)].map(([was, body]): [string, string | Uint8Array] => [
        was === "entries.ndjson" ? name : was,
        body,
      ]);
      const { outcome, messages } = await judgeMembers(members);
      expect(outcome).toBe("INVALID");
      expect(messages.join()).toContain(JSON.stringify(name));
    }
  });

  it("whose evidence would fill the memory is refused", async () => {
    const large = Array.from({ length: 5 }, (_, at): [string, string] => [
      `checkpoints/${at}`,
      "x".repeat(1_000_000),
    ]);
    const { outcome, messages } = await judgeMembers([...large, ...packMembers(LOG)]);
    expect(outcome).toBe("INVALID");
    expect(messages.join()).toContain("have more than 4194304 bytes");
  });

  it("whose evidence names a member twice is refused", async () => {
    const log = String(packMembers(LOG).get("log.json"));
    const twice = log.replace('"to_seq"', '"to_seq": 3, "to_seq"');
    const members = packMembers(LOG).set("log.json", twice);
    expect((await judgeMembers(members)).outcome).toBe("INVALID");
  });

  it("says VERIFIED of no tar from which others read other bytes", async () => {
    const header = fc.nat({ max: offsets.length - 1 });
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 12 });
    const at = fc.oneof(
      fc.nat({ max: 511 }),
      fc.constantFrom(0, 100, 124, 148, 156, 157, 257, 345),
    );
    const bent = fc.record({ header, at, bytes, isSummed: fc.boolean() });
    // Times may change, and do.
    const mtime = { at: 136, bytes: new TextEncoder().encode("00000000017\0"), isSummed: true };
    const dated = header.map((index) => ({ header: index, ...mtime }));
    const change = fc.oneof({ weight: 3, arbitrary: bent }, { weight: 1, arbitrary: dated });
    const verified = { count: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const changed = new Uint8Array(tar);
        for (const { header, at, bytes, isSummed } of changes) {
          const start = offsets[header]!;
          const block = changed.subarray(start, start + 512);
          block.set(bytes.subarray(0, 512 - at), at);
          if (isSummed) block.set(withChecksum(block));
        }
        if ((await judgeTar(changed)).outcome !== "VERIFIED") return;
        verified.count += 1;
        expect(await extracted(changed)).toEqual(await extracted(tar));
      }),
      { numRuns: 400 },
    );
    expect(verified.count).toBeGreaterThan(10);
  });
});

/** What remains in a folder: of several members with one name the last. */
async function extracted(bytes: Uint8Array): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const { header, data } of await unpackTar(bytes)) {
    const name = header.name.split("/").filter((part) => part !== "." && part !== "");
    files.set(name.join("/"), `${header.type} ${Buffer.from(data ?? []).toString("hex")}`);
  }
  return files;
}

describe("the files beside the log", () => {
  const isRefused = async (members: PackMembers, part: string) => {
    const { outcome, messages } = await judgeMembers(members);
    expect(outcome).toBe("INVALID");
    expect(messages.join()).toContain(part);
  };

  it("refute a pack whose README is another text, for its commands are pasted", async () => {
    const readme = String(packMembers(LOG).get("README.md"));
    expect(readme).toContain("must cmp expected named");
    for (const other of [readme.replace("must cmp", "true cmp"), `${readme}\n`, "# Audit log\n"]) {
      await isRefused(packMembers(LOG).set("README.md", other), "README.md");
    }
  });

  it("refute a pack whose proofs are not those of its ends under its checkpoint", async () => {
    const last = `proofs/${LOG.size - 1}.tlog-proof`;
    const proof = proofOf(LOG, LOG.size - 1);
    const lines = proof.split("\n");
    for (const other of [
      proofOf(LOG, 3),
      proofOf(OTHER, LOG.size - 1),
      proof.replace(`index ${LOG.size - 1}`, "index 10"),
      proof.replace("\nindex", "\nextra YWdl\nindex"),
      `${proof}— ${LOG.origin} AAAAAAAA\n`,
      lines.toSpliced(2, 1).join("\n"),
      lines.toSpliced(2, 2, lines[3]!, lines[2]!).join("\n"),
      "",
    ]) {
      await isRefused(packMembers(LOG).set(last, other), last);
    }
    const first = packMembers(LOG).set("proofs/0.tlog-proof", proofOf(LOG, 1));
    await isRefused(first, "proofs/0.tlog-proof");
  });

  it("are missed where they are not there", async () => {
    for (const name of ["README.md", "proofs/0.tlog-proof", `proofs/${LOG.size - 1}.tlog-proof`]) {
      const members = packMembers(LOG);
      members.delete(name);
      const { outcome, messages } = await judgeMembers(members);
      expect([outcome, messages]).toEqual(["INCOMPLETE", [`the pack has no ${name}`]]);
    }
  });

  it("are those of the part that a pack holds", async () => {
    for (const range of [{ from: 5 }, { to: 5 }, { from: 5, to: 6 }, { from: 5, to: 5 }]) {
      const part = inputOf(await tarOf(packMembers(LOG, range)));
      expect(await judge(part, true)).toEqual({ outcome: "VERIFIED", messages: [] });
    }
  });
});
