import { describe, expect, it } from "vitest";
import { encodeBase64 } from "#formats/base64.ts";
import { entryHash } from "#formats/ledger/entry.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { decodeBundle } from "#formats/tlog/tlog-tiles.ts";
import { NaiveTree } from "../../formats/tlog/naive-tree.ts";
import { problemOf, refusal, requireStatus } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import {
  appendEvents,
  auditText,
  EVENT,
  exportedLines,
  getAudit,
  keysOf,
  signHead,
  verified,
} from "../audit-client.ts";

const utf8 = new TextEncoder();
const FOR_EVER = "max-age=31536000, immutable";

const fetchTile = (org: string, tile: string, token?: string | null) =>
  getAudit(org, `/log/tile/${tile}`, token === undefined ? {} : { token });

async function bytesOf(org: string, tile: string): Promise<Uint8Array> {
  const response = await requireStatus(200, fetchTile(org, tile));
  return new Uint8Array(await response.arrayBuffer());
}

/** An org's first entry says that it was created; these come after it. */
async function orgOf(size: number): Promise<string> {
  const org = await makeOrg();
  for (let left = size - 1; left > 0; left -= 256) {
    await appendEvents(
      org,
      Array.from({ length: Math.min(left, 256) }, () => EVENT),
    );
  }
  return org;
}

async function publishLog(org: string, publishes = true): Promise<void> {
  const body = { publishes_audit_log: publishes };
  await requireStatus(200, call("PATCH", `/v1/orgs/${org}`, { body }));
}

describe("The log as tlog tools read it", () => {
  it("has no checkpoint and no tile before the first one is signed, and lets nobody keep that", async () => {
    const org = await makeOrg();
    for (const path of ["/log/checkpoint", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1"]) {
      const response = await getAudit(org, path);
      expect([response.status, response.headers.get("cache-control")]).toEqual([404, "no-store"]);
      const isNote = path === "/log/checkpoint";
      const { code } = await problemOf(response);
      expect([path, code]).toEqual([path, isNote ? "no_checkpoint" : "not_found"]);
    }
  });

  it("serves the newest checkpoint, which no cache keeps", async () => {
    const org = await makeOrg();
    await signHead(org);
    await appendEvents(org, [EVENT]);
    const note = await signHead(org);
    const response = await getAudit(org, "/log/checkpoint");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-type")).toContain("text/plain");
    expect(await response.text()).toBe(note);
    expect(verified(note, await keysOf(org)).origin).toBe(`mcpg.local/v1/orgs/${org}/audit/log`);
  });

  it("serves a partial tile at every width that is published, and nothing above", async () => {
    const org = await orgOf(9);
    await signHead(org);
    await appendEvents(org, [EVENT]);
    const lines = await exportedLines(org);
    const leaves = lines.map((line) => leafHash(utf8.encode(line)));
    for (let width = 1; width <= 9; width += 1) {
      const tile = await bytesOf(org, `0/000.p/${width}`);
      expect(encodeBase64(tile)).toBe(
        encodeBase64(Uint8Array.from(leaves.slice(0, width).flatMap((leaf) => [...leaf]))),
      );
      const bundle = decodeBundle(await bytesOf(org, `entries/000.p/${width}`));
      expect(bundle?.map(entryHash)).toEqual(
        lines.slice(0, width).map((line) => entryHash(utf8.encode(line))),
      );
    }
    for (const tile of [
      "0/000.p/10",
      "0/000",
      "entries/000.p/10",
      "entries/000",
      "1/000.p/1",
      "0/001.p/1",
    ]) {
      expect([tile, (await fetchTile(org, tile)).status]).toEqual([tile, 404]);
    }
  });

  it("serves full tiles for ever, and then their partial ones no more", async () => {
    const org = await orgOf(255);
    await signHead(org);
    await requireStatus(200, fetchTile(org, "0/000.p/255"));
    await appendEvents(org, [EVENT, EVENT]);
    // The full one is in the ledger, and not published yet.
    expect((await fetchTile(org, "0/000")).status).toBe(404);
    await requireStatus(200, fetchTile(org, "0/000.p/255"));
    await signHead(org);
    for (const tile of ["0/000", "entries/000", "1/000.p/1", "0/001.p/1", "entries/001.p/1"]) {
      const response = await requireStatus(200, fetchTile(org, tile));
      const kept = tile.includes(".p/") ? "no-store" : `private, ${FOR_EVER}`;
      expect(response.headers.get("cache-control")).toBe(kept);
      expect(response.headers.get("content-type")).toBe("application/octet-stream");
    }
    for (const tile of ["0/000.p/255", "0/000.p/1", "entries/000.p/255"]) {
      expect([tile, (await fetchTile(org, tile)).status]).toEqual([tile, 404]);
    }
    const bodies = (await exportedLines(org)).slice(0, 256).map((line) => utf8.encode(line));
    expect(await bytesOf(org, "1/000.p/1")).toEqual(new NaiveTree(bodies).root(256));
  });

  it("has one path for each tile: no other spelling is answered", async () => {
    const org = await orgOf(3);
    await signHead(org);
    for (const tile of [
      "0/0.p/2",
      "00/000.p/2",
      "0/000.p/02",
      "0/000.p/0",
      "0/000.p/256",
      "0/x000/000.p/2",
      "-1/000.p/2",
      "64/000.p/2",
      "entries/000.p/2/",
      "0/000.P/2",
      "Entries/000.p/2",
    ]) {
      expect([tile, (await fetchTile(org, tile)).status]).toEqual([tile, 404]);
    }
  });

  it("proves that each published tree extends each older one, and refuses what was never one", async () => {
    const org = await orgOf(7);
    await signHead(org);
    const lines = await exportedLines(org, "?to_seq=7");
    const tree = new NaiveTree(lines.map((line) => utf8.encode(line)));
    for (const [old, size] of [
      [1, 7],
      [3, 6],
      [4, 7],
      [7, 7],
      [0, 7],
    ] as const) {
      const proof = old === 0 ? [] : tree.proof(old, size);
      const text = proof.map((hash) => `${encodeBase64(hash)}\n`).join("");
      expect(await auditText(org, `/log/consistency?old=${old}&new=${size}`)).toBe(text);
    }
    for (const query of [
      "old=1&new=8",
      "old=5&new=4",
      "old=-1&new=4",
      "old=1",
      "old=a&new=b",
      "",
    ]) {
      const answer = refusal(getAudit(org, `/log/consistency?${query}`));
      expect(await answer).toEqual([400, "invalid_request"]);
    }
  });

  it("finds a checkpoint by its size if it is the newest, or a former key's last", async () => {
    const org = await makeOrg();
    const old = await signHead(org);
    expect(await auditText(org, "/log/checkpoint?size=1")).toBe(old);
    await appendEvents(org, [EVENT]);
    await signHead(org);
    expect((await getAudit(org, "/log/checkpoint?size=1")).status).toBe(404);
    for (const query of ["size=x", "size=-1", "seize=1"]) {
      expect((await getAudit(org, `/log/checkpoint?${query}`)).status).toBe(400);
    }
  });
});

describe("An org that publishes its log", () => {
  it("lets anyone read its checkpoint and hash tiles, and caches keep the full ones", async () => {
    const org = await orgOf(257);
    const note = await signHead(org);
    await publishLog(org);
    const checkpoint = await getAudit(org, "/log/checkpoint", { token: null });
    expect([checkpoint.status, await checkpoint.text()]).toEqual([200, note]);
    for (const [path, kept] of [
      ["0/000", `public, ${FOR_EVER}`],
      ["0/001.p/1", "no-store"],
    ] as const) {
      const tile = await fetchTile(org, path, null);
      expect([tile.status, tile.headers.get("cache-control")]).toEqual([200, kept]);
    }
  });

  it("never lets anyone read an entry, a proof, or what the log is about", async () => {
    const org = await orgOf(3);
    await signHead(org);
    await publishLog(org);
    for (const path of [
      "/log/tile/entries/000.p/3",
      "/log/tile/entries%2F000.p%2F3",
      "/log/tile/%65ntries/000.p/3",
      "/log/consistency?old=1&new=3",
      "",
      "/0",
      "/0/proof",
      "/export",
      "/status",
      "/keys",
      "/holds",
    ]) {
      expect([path, (await getAudit(org, path, { token: null })).status]).toEqual([path, 401]);
    }
    const evading = await getAudit(org, "/log/tile//entries/000.p/3", { token: null });
    expect([401, 404]).toContain(evading.status);
  });

  it("is the exception: without it, and for an org that is not there, the answer is one same 401", async () => {
    const org = await orgOf(3);
    await signHead(org);
    const texts = new Set<string>();
    for (const name of [org, "not-there", "Not A Name"]) {
      for (const path of ["/log/checkpoint", "/log/tile/0/000.p/3"]) {
        const response = await getAudit(encodeURIComponent(name), path, { token: null });
        expect(response.status).toBe(401);
        const { request_id: _, ...body } = (await response.json()) as Record<string, unknown>;
        texts.add(JSON.stringify(body));
      }
    }
    expect(texts.size).toBe(1);
  });

  it("answers a token by what the token may: a bad one is no better than none", async () => {
    const org = await orgOf(3);
    await signHead(org);
    await publishLog(org);
    const stranger = await createToken(await makeOrg(), ["audit:read"]);
    const unscoped = await createToken(org, ["audit:write"]);
    const asked: [string, number][] = [
      ["mcpgst_bad", 401],
      [stranger.token, 404],
      [unscoped.token, 403],
    ];
    for (const [token, status] of asked) {
      expect((await getAudit(org, "/log/checkpoint", { token })).status).toBe(status);
    }
  });

  it("stops when it is told to", async () => {
    const org = await orgOf(256);
    await signHead(org);
    await publishLog(org);
    await publishLog(org, false);
    expect((await getAudit(org, "/log/checkpoint", { token: null })).status).toBe(401);
    const tile = await fetchTile(org, "0/000");
    expect(tile.headers.get("cache-control")).toBe(`private, ${FOR_EVER}`);
  });
});
