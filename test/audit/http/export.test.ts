import { unpackTar } from "modern-tar";
import { describe, expect, it } from "vitest";
import { judgeLog } from "#cli/verify/judge-log.ts";
import { openPack } from "#cli/verify/pack/pack-source.ts";
import { decodeBase64 } from "#formats/base64.ts";
import { entryHash, GENESIS_HASH } from "#formats/ledger/entry.ts";
import { RETENTION_DAYS_MIN } from "#formats/ledger/evidence.ts";
import { CompactRange } from "#formats/tlog/compact-range.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { verifyConsistency, verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { parseTlogProof } from "#formats/tlog/tlog-proof.ts";
import { NOT_JUDGED } from "../../formats/ledger/evidence-of.ts";
import { problemOf, refusal, requireStatus } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import {
  appendEvents,
  auditEntries,
  EVENT,
  exportedLines,
  getAudit,
  type KeyBody,
  keysOf,
  parseLine,
  signHead,
  statusOf,
  verified,
} from "../audit-client.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

async function orgOf(size: number): Promise<string> {
  const org = await makeOrg();
  for (let left = size - 1; left > 0; left -= 256) {
    await appendEvents(
      org,
      Array.from({ length: Math.min(left, 256) }, (_, at) => ({ ...EVENT, target: `é-${at}` })),
    );
  }
  return org;
}

describe("GET /audit/export", () => {
  it("gives the hashed bytes, a line each, from the first entry to the last", async () => {
    const org = await orgOf(300);
    const response = await requireStatus(200, getAudit(org, "/export"));
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const lines = text.decode(await response.arrayBuffer()).split("\n");
    expect(lines.pop()).toBe("");
    const entries = (await auditEntries(org, "?limit=1000")).reverse();
    expect(lines).toHaveLength(300);
    let previous = GENESIS_HASH;
    for (const [seq, line] of lines.entries()) {
      expect(parseLine(line)["previous_hash"]).toBe(previous);
      previous = entryHash(utf8.encode(line));
      expect(previous).toBe(entries[seq]?.hash);
    }
  });

  it("is an entry itself, which follows what it holds and names it", async () => {
    const org = await orgOf(3);
    const { token } = await createToken(org, ["audit:read"], { actor: "user:auditor" });
    const size = (await statusOf(org)).tree_size;
    await requireStatus(200, getAudit(org, "/export?from_seq=1&to_seq=3", { token }));
    const [{ seq, event }, ...before] = (await auditEntries(org)) as [never, ...never[]];
    expect([seq, before.length]).toEqual([size, size]);
    expect(event).toMatchObject({
      action: "operator.audit.exported",
      actor: "user:auditor",
      recorded_by: "user:auditor",
      target: `audit://${org}`,
      details: { format: "ndjson", from_seq: "1", to_seq: "3" },
    });
  });

  it("takes a range from its first entry until before its last", async () => {
    const org = await orgOf(600);
    const all = await exportedLines(org, "?to_seq=600");
    for (const [from, to] of [
      [0, 1],
      [255, 257],
      [256, 512],
      [1, 600],
      [512, 600],
      [7, 7],
      [0, 0],
    ] as const) {
      const lines = await exportedLines(org, `?from_seq=${from}&to_seq=${to}`);
      expect(lines).toEqual(all.slice(from, to));
    }
    expect((await exportedLines(org, "?from_seq=598")).slice(0, 2)).toEqual(all.slice(598));
    expect(await exportedLines(org, "?from_seq=100000")).toEqual([]);
  });

  it("writes nothing for an export that is refused", async () => {
    const org = await orgOf(3);
    for (const [query, pointer] of [
      ["?from_seq=2&to_seq=1", "/to_seq"],
      ["?from_seq=-1", "/from_seq"],
      ["?from_seq=01", "/from_seq"],
      ["?to_seq=x", "/to_seq"],
      ["?format=csv", "/format"],
      ["?limit=1", "/limit"],
    ]) {
      const answer = await problemOf(getAudit(org, `/export${query}`));
      expect([answer.status, answer.errors?.[0]?.pointer]).toEqual([400, pointer]);
    }
    expect(await refusal(getAudit(org, "/export?format=pack"))).toEqual([409, "not_yet_signed"]);
    expect((await statusOf(org)).tree_size).toBe(3);
  });

  it("streams more than one answer of the ledger holds, in order", async () => {
    const org = await makeOrg();
    const large = { ...EVENT, details: { text: "x".repeat(60_000) } };
    for (let at = 0; at < 3; at += 1)
      await appendEvents(
        org,
        Array.from({ length: 20 }, () => large),
      );
    const lines = await exportedLines(org);
    expect(lines).toHaveLength(61);
    const hashes = lines.map((line) => entryHash(utf8.encode(line)));
    const named = lines.map((line) => parseLine(line)["previous_hash"]);
    expect(named.slice(1)).toEqual(hashes.slice(0, -1));
  });
});

const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
const ago = (days: number) => new Date(NOW_MS - days * DAY_MS).toISOString();

/** 700 entries in the order of their times but for one late in each hundred, over the ends of bundles. */
async function orgOfTwentyDays(): Promise<string> {
  const org = await makeOrg();
  const events = Array.from({ length: 700 }, (_, seq) => ({
    ...EVENT,
    occurred_at: ago(seq % 100 === 50 ? 4 : 20 - seq / 50),
  }));
  for (const start of [0, 250, 500]) {
    await appendEvents(org, events.slice(start, start + 250));
  }
  return org;
}

interface Pack {
  bytes: Uint8Array;
  names: string[];
  file(name: string): string;
  lines: string[];
  log: Record<string, unknown>;
  keys: KeyBody[];
}

async function packOf(org: string, query = ""): Promise<Pack> {
  const response = await requireStatus(200, getAudit(org, `/export?format=pack${query}`));
  expect(response.headers.get("content-type")).toBe("application/x-tar");
  const bytes = new Uint8Array(await response.arrayBuffer());
  const entries = await unpackTar(bytes);
  const files = new Map(entries.map(({ header, data }) => [header.name, text.decode(data)]));
  const file = (name: string) => files.get(name) ?? "";
  const lines = file("entries.ndjson").split("\n").slice(0, -1);
  const { keys } = JSON.parse(file("keys.json"));
  return { bytes, names: [...files.keys()], file, lines, log: JSON.parse(file("log.json")), keys };
}

const hashesIn = (lines: string) =>
  lines
    .split("\n")
    .slice(0, -1)
    .map((line) => decodeBase64(line)!);

/** By the pack alone: its entries, between its prefix and its consistency proof, are those of its head. */
function requireVerified({ file, lines, log, keys }: Pack): void {
  const { size, root } = verified(file("checkpoint"), keys);
  const [from, to] = [Number(log["from_seq"]), Number(log["to_seq"])];
  expect([log["tree_size"], lines.length]).toEqual([size, to - from]);
  const tree = CompactRange.resume(from, hashesIn(file("prefix")));
  for (const line of lines) tree.append(leafHash(utf8.encode(line)));
  const proof = hashesIn(file("consistency"));
  const claim = { oldSize: to, newSize: size, oldRoot: tree.root(), newRoot: root, proof };
  expect(verifyConsistency(claim)).toBe(true);
  for (const seq of from === to ? [] : [from, to - 1]) {
    const shown = parseTlogProof(file(`proofs/${seq}.tlog-proof`))!;
    expect([shown.index, shown.checkpoint]).toEqual([seq, file("checkpoint")]);
    const leaf = leafHash(utf8.encode(lines[seq - from]));
    expect(verifyInclusion({ index: seq, size, leaf, root, proof: shown.hashes })).toBe(true);
  }
}

/** By the verifier, which takes no other file, name or README than those that the service writes. */
async function requireTaken({ bytes, keys, log }: Pack, isPart: boolean): Promise<void> {
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const source = await openPack({ read });
  const { unsigned: _, ...gathered } = source.evidence;
  const report = await judgeLog(source, {
    ...gathered,
    pinned: parseVkey(keys.at(-1)?.vkey ?? ""),
    kept: [],
    freshness: NOT_JUDGED,
    retentionDaysMin: RETENTION_DAYS_MIN,
    isPartAccepted: isPart,
  });
  expect(report.findings).toEqual([]);
  expect(source.remarks).toHaveLength("from" in log ? 1 : 0);
  expect(report.verdicts.completeness).toBe(isPart ? "PARTIAL" : "COMPLETE");
}

describe("GET /audit/export?format=pack", () => {
  it("is a tar of the entries and of all it takes to verify them, the entries last", async () => {
    const org = await orgOf(5);
    await signHead(org);
    const pack = await packOf(org);
    expect(pack.names).toEqual([
      "README.md",
      "log.json",
      "keys.json",
      "checkpoint",
      "prefix",
      "consistency",
      "proofs/0.tlog-proof",
      "proofs/4.tlog-proof",
      "entries.ndjson",
    ]);
    expect(pack.log).toEqual({
      origin: (await statusOf(org)).origin,
      from_seq: 0,
      to_seq: 5,
      tree_size: 5,
      minimum_index: 0,
    });
    expect(pack.keys).toEqual(await keysOf(org));
    expect(pack.file("README.md")).toContain(pack.keys[0]?.vkey);
    requireVerified(pack);
    await requireTaken(pack, false);
  });

  it("proves any range of what is signed, across bundles and of no entry at all", async () => {
    const org = await orgOf(600);
    await signHead(org);
    const all = await exportedLines(org, "?to_seq=600");
    for (const [from, to] of [
      [0, 600],
      [0, 1],
      [255, 257],
      [300, 301],
      [599, 600],
      [512, 520],
      [300, 300],
      [600, 600],
    ] as const) {
      const pack = await packOf(org, `&from_seq=${from}&to_seq=${to}`);
      requireVerified(pack);
      await requireTaken(pack, from > 0 || to < 600);
      expect(pack.lines).toEqual(all.slice(from, to));
    }
  });

  it("holds only what is signed, and says of the rest that it is not yet", async () => {
    const org = await orgOf(3);
    await signHead(org);
    await appendEvents(org, [EVENT, EVENT]);
    const pack = await packOf(org);
    requireVerified(pack);
    expect(pack.lines).toHaveLength(3);
    for (const from of [4, 5, 100_000]) {
      const answer = refusal(getAudit(org, `/export?format=pack&from_seq=${from}`));
      expect(await answer).toEqual([409, "not_yet_signed"]);
    }
  });

  it("by time holds all that the list gives for it, and is taken by the verifier", async () => {
    const org = await orgOfTwentyDays();
    await signHead(org);
    const signed = (await statusOf(org)).tree_size;
    for (const time of [
      { from: ago(15), to: ago(14) },
      { from: ago(4.5), to: ago(3.5) },
      { from: ago(21), to: ago(19.5) },
      { from: ago(7) },
      { to: ago(19) },
      { from: ago(4), to: ago(4) },
      { from: ago(2), to: ago(1) },
    ]) {
      const asked = new URLSearchParams(time).toString();
      const listed = await auditEntries(org, `?limit=1000&${asked}`);
      const there = listed.map(({ seq }) => seq).filter((seq) => seq < signed);
      const pack = await packOf(org, `&${asked}`);
      requireVerified(pack);
      const [first, end] = [Number(pack.log["from_seq"]), Number(pack.log["to_seq"])];
      await requireTaken(pack, first > 0 || end < signed);
      const [newest = first - 1, oldest = first] = [there[0], there.at(-1)];
      expect([asked, first, end]).toEqual([asked, oldest, newest + 1]);
      expect(pack.log).toMatchObject({ from: null, to: null, ...time });
      const lines = await exportedLines(org, `?${asked}`);
      expect(lines.slice(0, pack.lines.length)).toEqual(pack.lines);
    }
    const [exported] = await auditEntries(org, "?action=operator.audit.exported&limit=1");
    expect(exported?.event.details).toMatchObject({ from: ago(2), to: ago(1), format: "ndjson" });
  }, 60_000);

  it("is refused by times that go with indexes, or backwards", async () => {
    const org = await orgOf(3);
    await signHead(org);
    for (const [query, pointer] of [
      ["&from=2026-11-20&from_seq=1", "/from"],
      ["&to=2026-11-20&to_seq=1", "/to"],
      ["&from=2026-11-21&to=2026-11-20", "/to"],
      ["&from=yesterday", "/from"],
    ]) {
      const answer = await problemOf(getAudit(org, `/export?format=pack${query}`));
      expect([query, answer.status, answer.errors?.[0]?.pointer]).toEqual([query, 400, pointer]);
    }
    expect((await statusOf(org)).tree_size).toBe(3);
  });

  it("holds the checkpoint at which each former key was rotated out", async () => {
    const org = await orgOf(2);
    const path = `/v1/orgs/${org}/audit/keys/rotate`;
    for (let at = 0; at < 2; at += 1) await requireStatus(200, call("POST", path));
    await appendEvents(org, [EVENT]);
    await signHead(org);
    const pack = await packOf(org);
    requireVerified(pack);
    for (const { vkey, to_size } of pack.keys.slice(0, 2)) {
      const crossing = pack.file(`checkpoints/${to_size}`);
      expect(verified(crossing, [{ vkey, from_size: 0, to_size }]).size).toBe(to_size);
    }
    await requireTaken(pack, false);
    expect(pack.names.filter((name) => name.startsWith("checkpoints/"))).toHaveLength(2);
  });
});
