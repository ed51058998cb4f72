import { describe, expect, it } from "vitest";
import { getJson } from "../../harness/answers.ts";
import { ingest, makeSample, metricSum, scrape } from "../../harness/calls.ts";
import { makeOrg } from "../../harness/orgs.ts";

const EPOCH = "2026-11-22T07:00:00.000Z";

async function instancesOf(org: string): Promise<Record<string, unknown>[]> {
  return (await getJson<{ instances: Record<string, unknown>[] }>(`/v1/orgs/${org}/instances`))
    .instances;
}

describe("GET /instances", () => {
  it("shows the reports that are missing, and forgets them when they arrive late", async () => {
    const org = await makeOrg();
    for (const seq of [0, 1, 4, 6]) await ingest(org, [], { epoch: EPOCH, seq });
    expect(await instancesOf(org)).toMatchObject([
      {
        id: "gw-1",
        state: "online",
        missing_reports: 3,
        gaps: [
          { epoch: EPOCH, from_seq: 2, to_seq: 3 },
          { epoch: EPOCH, from_seq: 5, to_seq: 5 },
        ],
      },
    ]);
    for (const seq of [5, 2, 3, 3]) await ingest(org, [], { epoch: EPOCH, seq });
    expect(await instancesOf(org)).toMatchObject([{ missing_reports: 0, gaps: [] }]);
  });

  it("adds up drops over epochs, as a maximum within each, and never lets them fall", async () => {
    const org = await makeOrg();
    const next = "2026-11-22T08:00:00.000Z";
    const reports = [
      { epoch: EPOCH, seq: 0, dropped: 5 },
      { epoch: EPOCH, seq: 1, dropped: 9 },
      { epoch: next, seq: 0, dropped: 2 },
      { epoch: EPOCH, seq: 0, dropped: 5 },
    ];
    let before = 0;
    for (const fields of reports) {
      await ingest(org, [makeSample()], fields);
      const total = metricSum(await scrape(org), "mcpg_instance_dropped_samples_total");
      expect(total).toBeGreaterThanOrEqual(before);
      before = total;
    }
    expect(before).toBe(11);
  });
});
