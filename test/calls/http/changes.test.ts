import { describe, expect, it } from "vitest";
import { readChanges } from "#calls/store/read-changes.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { ingest, makeSample, scrape } from "../../harness/calls.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";

const changesOf = (org: string, known?: string) =>
  call("GET", `/v1/orgs/${org}/changes`, {
    headers: known === undefined ? {} : { "if-none-match": known },
  });

const etagOf = async (org: string) => (await changesOf(org)).headers.get("etag") ?? "";

describe("GET /changes", () => {
  it("answers 304 to its own ETag until a report comes, and again until that is counted", async () => {
    const org = await makeOrg();
    const first = await etagOf(org);
    expect(first).toMatch(/^W\/"\d+"$/);
    for (const known of [first, `"x", ${first}`, first.replace("W/", ""), "*"]) {
      const answer = await changesOf(org, known);
      expect([known, answer.status, answer.headers.get("etag")]).toEqual([known, 304, first]);
      expect(await answer.text()).toBe("");
    }
    await ingest(org, [makeSample()]);
    const arrived = await changesOf(org, first);
    expect(arrived.status).toBe(200);
    const body = (await arrived.json()) as { folds: number; newest_arrival: string };
    expect(Math.abs(Date.parse(body.newest_arrival) - Date.now())).toBeLessThan(60_000);
    const waiting = arrived.headers.get("etag") ?? "";
    expect((await changesOf(org, waiting)).status).toBe(304);
    await scrape(org);
    const counted = await changesOf(org, waiting);
    expect(await counted.json()).toEqual({ folds: body.folds + 1, newest_arrival: null });
    expect(counted.headers.get("etag")).toBe(`W/"${body.folds + 1}"`);
  });

  it("is another for each report that waits", async () => {
    const org = await makeOrg();
    const seen = new Set<string>();
    for (let at = 0; at < 3; at += 1) {
      await ingest(org, [makeSample()]);
      seen.add(await etagOf(org));
      // Reports of one millisecond are one change.
      const before = Date.now();
      while (Date.now() === before) await changesOf(org);
    }
    expect(seen.size).toBe(3);
  });

  it("reads two rows, however much waits or was counted", async () => {
    const org = await makeOrg();
    for (let at = 0; at < 5; at += 1) await ingest(org, [makeSample()]);
    const rows = new BilledRows();
    await readChanges(rows.counting(workerEnv.SHARD_0), org);
    expect(rows.take().rowsRead).toBeLessThanOrEqual(2);
  });
});
