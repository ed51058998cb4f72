import { beforeEach, describe, expect, it } from "vitest";
import { auditEntries } from "../audit/audit-client.ts";
import { refusal } from "../harness/answers.ts";
import { makeSample, metricSum, scrape } from "../harness/calls.ts";
import { workerEnv } from "../harness/deployment.ts";
import { keptCall, type PayloadOrg, payloadOrg, report, view, viewed } from "./payload-kit.ts";

const db = workerEnv.SHARD_0;

interface Row {
  key_version: number;
  pieces: string;
  sealed: number[];
}

async function rowOf(org: string, id: string): Promise<Row> {
  const select = "SELECT * FROM tool_invocation_payloads WHERE org = ?1 AND id = ?2";
  return (await db.prepare(select).bind(org, id).first<Row>())!;
}

async function putRow(org: string, id: string, row: Row): Promise<void> {
  const { key_version, pieces, sealed } = row;
  const update = `UPDATE tool_invocation_payloads SET key_version = ?3, pieces = ?4, sealed = ?5
    WHERE org = ?1 AND id = ?2`;
  await db.prepare(update).bind(org, id, key_version, pieces, Uint8Array.from(sealed)).run();
}

/** The same row as another call's. */
function renamed(row: Row, from: string, to: string): Row {
  return { ...row, pieces: row.pieces.replace(from, to) };
}

let of: PayloadOrg;
let ids: [string, string];

beforeEach(async () => {
  of = await payloadOrg();
  ids = [await keptCall(of.org), await keptCall(of.org)];
});

/** Refused, counted, and on record. */
async function expectRefused(of: PayloadOrg, id: string): Promise<void> {
  const before = metricSum(await scrape(of.org), "mcpg_payloads_refused_total");
  expect(await refusal(view(of, id))).toEqual([500, "payload_refused"]);
  expect(metricSum(await scrape(of.org), "mcpg_payloads_refused_total")).toBe(before + 1);
  const [entry] = await auditEntries(of.org, "?action=operator.payload.refused");
  expect(entry?.event).toMatchObject({
    outcome: "error",
    invocation_id: id,
    target: `invocation://${id}`,
  });
}

describe("A sealed payload that was tampered with is refused, counted and on record", () => {
  it("where it lies in another call's row", async () => {
    const [a, b] = ids;
    const [rowA, rowB] = [await rowOf(of.org, a), await rowOf(of.org, b)];
    await putRow(of.org, a, renamed(rowB, b, a));
    await putRow(of.org, b, renamed(rowA, a, b));
    for (const id of ids) await expectRefused(of, id);
    await putRow(of.org, a, rowA);
    expect((await viewed(of, a)).request).toEqual({ q: 1 });
  });

  it("where it is marked as another call's, which only a caller's span that we settled may be", async () => {
    const [a] = ids;
    const bare = makeSample();
    await report(of.org, [bare]);
    for (const proof of [null, "no proof", `v2.1.${"A".repeat(16)}.${"A".repeat(24)}`]) {
      const mark = `UPDATE tool_invocation_payloads SET moved_to = ?3, moved_proof = ?4
        WHERE org = ?1 AND id = ?2`;
      await db.prepare(mark).bind(of.org, a, bare["id"], proof).run();
      await expectRefused(of, bare["id"] as string);
      expect(await refusal(view(of, bare["id"] as string))).toEqual([404, "not_found"]);
    }
    expect((await viewed(of, a)).request).toEqual({ q: 1 });
  });

  it("where calls of one row have each other's pieces", async () => {
    const samples = [1, 2, 3].map((n) =>
      makeSample({ started_at: Date.now(), request_payload: n }),
    );
    await report(of.org, samples);
    const [first, second, third] = samples.map(({ id }) => id as string) as [
      string,
      string,
      string,
    ];
    const swap = `UPDATE tool_invocation_payloads SET pieces = json_set(pieces,
        '$."' || ?2 || '"', json(pieces -> ('$."' || ?3 || '"')),
        '$."' || ?3 || '"', json(pieces -> ('$."' || ?2 || '"')))
      WHERE org = ?1 AND pieces -> ('$."' || ?2 || '"') IS NOT NULL`;
    const { meta } = await db.prepare(swap).bind(of.org, first, second).run();
    expect(meta.changes).toBe(1);
    for (const id of [first, second]) await expectRefused(of, id);
    expect((await viewed(of, third)).request).toBe(3);
  });

  it("where it stands in the other field's place", async () => {
    const [id] = ids;
    const row = await rowOf(of.org, id);
    const [, requestBytes, responseBytes] = JSON.parse(row.pieces)[id] as [number, number, number];
    const sealed = [...row.sealed.slice(requestBytes), ...row.sealed.slice(0, requestBytes)];
    const pieces = JSON.stringify({ [id]: [0, responseBytes, requestBytes] });
    await putRow(of.org, id, { ...row, sealed, pieces });
    await expectRefused(of, id);
    await putRow(of.org, id, { ...row, pieces: JSON.stringify({ [id]: [0, 0, requestBytes] }) });
    await expectRefused(of, id);
  });

  it("where it is another org's", async () => {
    const [id] = ids;
    const other = await payloadOrg();
    const otherId = await keptCall(other.org);
    await putRow(of.org, id, renamed(await rowOf(other.org, otherId), otherId, id));
    await expectRefused(of, id);
    // The very call's of another org, by its own id.
    const sample = makeSample({ request_payload: "mine" });
    for (const { org } of [of, other]) await report(org, [sample]);
    const same = sample["id"] as string;
    await putRow(of.org, same, await rowOf(other.org, same));
    await expectRefused(of, same);
  });

  it("where it says that it is of another version of the key, or its row does", async () => {
    const [id] = ids;
    const row = await rowOf(of.org, id);
    const relabelled = row.sealed.map((byte, at) => (at === 4 ? byte + 1 : byte));
    for (const tampered of [
      { ...row, key_version: row.key_version + 1 },
      { ...row, key_version: 0 },
      { ...row, sealed: relabelled },
      { ...row, sealed: relabelled, key_version: row.key_version + 1 },
    ]) {
      await putRow(of.org, id, tampered);
      await expectRefused(of, id);
    }
  });

  it("where a byte of it was flipped, or the end is missing", async () => {
    const [id] = ids;
    const row = await rowOf(of.org, id);
    for (const at of [0, 1, 5, 16, 17, 100, row.sealed.length - 1]) {
      const sealed = row.sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
      await putRow(of.org, id, { ...row, sealed });
      await expectRefused(of, id);
    }
    await putRow(of.org, id, { ...row, sealed: row.sealed.slice(0, 300) });
    await expectRefused(of, id);
    await putRow(of.org, id, { ...row, sealed: [] });
    await expectRefused(of, id);
  });
});
