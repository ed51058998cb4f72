import { describe, expect, it } from "vitest";
import { parseCanonicalJson } from "#formats/canonical-json.ts";
import { entryHash } from "#formats/ledger/entry.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { parseNote, verifyNote } from "#formats/tlog/signed-note.ts";
import { parseTlogProof } from "#formats/tlog/tlog-proof.ts";
import { problemOf } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";

const EVENT = { actor: "user:alice@acme", action: "tool.call.allowed", outcome: "allowed" };

interface Receipt {
  seq: number;
  event_id: string;
  hash: string;
  previous_hash: string;
}

async function append(org: string, events: unknown[], token?: string): Promise<Receipt[]> {
  const body = { instance_id: "gw-1", events };
  const response = await call("POST", `/v1/orgs/${org}/audit`, { body, ...(token && { token }) });
  if (response.status !== 201) throw new Error(await response.text());
  return ((await response.json()) as { receipts: Receipt[] }).receipts;
}

async function sign(org: string): Promise<string> {
  const response = await call("POST", `/v1/orgs/${org}/audit/checkpoint`);
  if (response.status !== 200) throw new Error(await response.text());
  return response.text();
}

describe("The audit ledger", () => {
  it("begins with the org's creation, and chains what is appended to it", async () => {
    const org = await makeOrg();
    const receipts = await append(org, [
      EVENT,
      { ...EVENT, action: "tool.call.denied", outcome: "denied" },
    ]);
    expect(receipts.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(receipts[1]?.previous_hash).toBe(receipts[0]?.hash);
    const response = await call("GET", `/v1/orgs/${org}/audit/export`);
    const lines = (await response.text()).trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    const first = parseCanonicalJson(lines[0] ?? "");
    expect(first).toMatchObject({ action: "operator.org.created", previous_hash: "0".repeat(64) });
    expect(entryHash(new TextEncoder().encode(lines[1]))).toBe(receipts[0]?.hash);
  });

  it("proves an entry under a checkpoint that the listed key signed", async () => {
    const org = await makeOrg();
    const [receipt] = await append(org, [EVENT]);
    const path = `/v1/orgs/${org}/audit/${receipt?.seq}/proof`;
    const early = await call("GET", path);
    expect([early.status, (await problemOf(early)).code]).toEqual([409, "not_yet_signed"]);
    const note = await sign(org);
    const { keys } = (await (await call("GET", `/v1/orgs/${org}/audit/keys`)).json()) as {
      keys: { vkey: string }[];
    };
    const key = parseVkey(keys[0]?.vkey ?? "");
    expect(key && verifyNote(parseNote(note)!, [key]).kind).toBe("verified");
    const proof = parseTlogProof(await (await call("GET", path)).text());
    const { size, root } = parseCheckpoint(parseNote(note)?.text ?? "")!;
    const lines = await (await call("GET", `/v1/orgs/${org}/audit/export`)).text();
    const leaf = leafHash(new TextEncoder().encode(lines.split("\n")[receipt!.seq]));
    const claim = { index: proof!.index, size, leaf, root, proof: proof!.hashes };
    expect(proof?.checkpoint).toBe(note);
    expect(verifyInclusion(claim)).toBe(true);
  });

  it("keeps the actor that a token was made with as its recorder", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["audit:write"], { actor: "service:gw" });
    const [receipt] = await append(org, [EVENT], token);
    const entry = await call("GET", `/v1/orgs/${org}/audit/${receipt?.seq}`);
    expect(await entry.json()).toMatchObject({ event: { recorded_by: "service:gw" } });
  });
});
