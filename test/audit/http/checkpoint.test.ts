import { describe, expect, it, vi } from "vitest";
import { Ledger } from "#audit/ledger/ledger.ts";
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";
import type { Checkpoint } from "#formats/tlog/checkpoint.ts";
import { verifyConsistency } from "#formats/tlog/merkle-verify.ts";
import { call } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import {
  appendEvents,
  auditEntries,
  auditText,
  EVENT,
  keysOf,
  signHead,
  statusOf,
  verified,
} from "../audit-client.ts";

function post(org: string): Promise<Response> {
  return call("POST", `/v1/orgs/${org}/audit/checkpoint`);
}

/** That the log grew from the one to the other, by the proof that it serves. */
async function isGrowth(org: string, old: Checkpoint, next: Checkpoint): Promise<boolean> {
  const lines = await auditText(org, `/log/consistency?old=${old.size}&new=${next.size}`);
  const proof = lines
    .split("\n")
    .slice(0, -1)
    .map((line) => decodeBase64(line)!);
  const sizes = { oldSize: old.size, newSize: next.size };
  return verifyConsistency({ ...sizes, oldRoot: old.root, newRoot: next.root, proof });
}

describe("POST /audit/checkpoint", () => {
  it("answers a note that covers all that was acknowledged before", async () => {
    const org = await makeOrg();
    const [receipt] = await appendEvents(org, [EVENT]);
    const { size } = verified(await signHead(org), await keysOf(org));
    expect(size).toBe(receipt!.seq + 1);
    expect(await statusOf(org)).toMatchObject({ unsigned_entries: 0, checkpoint: { size } });
  });

  it("ends the wait of the first entry behind the head, which the status tells the beginning of", async () => {
    const org = await makeOrg();
    await signHead(org);
    const { tree_size: first } = await statusOf(org);
    await appendEvents(org, [EVENT]);
    await appendEvents(org, [EVENT]);
    const [waiting] = await auditEntries(org, `?from_seq=${first}&order=asc`);
    const since = waiting!.event["recorded_at"];
    expect(await statusOf(org)).toMatchObject({ unsigned_entries: 2, unsigned_since: since });
    await signHead(org);
    expect(await statusOf(org)).toMatchObject({ unsigned_since: null });
  });

  it("answers the same note again while nothing comes", async () => {
    const org = await makeOrg();
    expect(await signHead(org)).toBe(await signHead(org));
  });

  it("at once many times, with appends in between, gives notes of one history alone", async () => {
    const org = await makeOrg();
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, at) => {
        await appendEvents(
          org,
          Array.from({ length: at + 1 }, () => EVENT),
        );
        return post(org);
      }),
    );
    const keys = await keysOf(org);
    const roots = new Map<number, string>();
    const heads: Checkpoint[] = [];
    for (const answer of answers) {
      // Overtaken each time by others: nothing was signed, and it says when to ask again.
      if (answer.status === 503) continue;
      expect(answer.status).toBe(200);
      const head = verified(await answer.text(), keys);
      const root = encodeBase64(head.root);
      expect(roots.get(head.size) ?? root).toBe(root);
      roots.set(head.size, root);
      heads.push(head);
    }
    expect(heads.length).toBeGreaterThan(0);
    const last = verified(await signHead(org), keys);
    expect(last.size).toBe(79);
    for (const head of heads) expect(await isGrowth(org, head, last)).toBe(true);
  });

  it("brings what operators did to the ledger first", async () => {
    vi.spyOn(Ledger.prototype, "append").mockImplementationOnce(() => {
      throw new Error("broken");
    });
    vi.spyOn(console, "error").mockReturnValue();
    const org = await makeOrg();
    vi.restoreAllMocks();
    expect((await statusOf(org)).tree_size).toBe(0);
    expect(verified(await signHead(org), await keysOf(org)).size).toBe(1);
    expect((await auditEntries(org))[0]?.event["action"]).toBe("operator.org.created");
  });
});
