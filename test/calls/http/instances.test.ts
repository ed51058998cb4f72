import { describe, expect, it, vi } from "vitest";
import { getJson, problemOf } from "../../harness/answers.ts";
import { ingest, makeSample, metricSum, postCalls, scrape } from "../../harness/calls.ts";
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

  it("has the time of an instance's first report for good, however many follow", async () => {
    const org = await makeOrg();
    const before = Date.now();
    await postCalls(org, [makeSample()]);
    const [first] = await instancesOf(org);
    const firstMs = Date.parse(String(first?.["first_report"]));
    expect(firstMs).toBeGreaterThanOrEqual(before);
    expect(firstMs).toBeLessThanOrEqual(Date.now());
    await vi.waitUntil(() => Date.now() > firstMs);
    await postCalls(org, [makeSample()]);
    const [later] = await instancesOf(org);
    expect(later?.["first_report"]).toBe(first?.["first_report"]);
    expect(Date.parse(String(later?.["last_report"]))).toBeGreaterThan(firstMs);
  });
});

describe("A goodbye", () => {
  const LAST_REPORT = "mcpg_instance_last_report_timestamp_seconds";
  const stateOf = async (org: string) => (await instancesOf(org)).map(({ state }) => state);
  const isShown = async (org: string) => (await scrape(org)).includes(`${LAST_REPORT}{`);
  const last = { epoch: EPOCH, seq: 7, dropped: 2, final: true };

  it("is departure at once: the last report leaves the page, and what was counted stays", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample()], { epoch: EPOCH, seq: 6, final: false });
    expect([await stateOf(org), await isShown(org)]).toEqual([["online"], true]);
    const answer = await ingest(org, [makeSample()], last);
    expect(answer).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    expect([await stateOf(org), await isShown(org)]).toEqual([["departed"], false]);
    const page = await scrape(org);
    expect(metricSum(page, "mcpg_tool_calls_total")).toBe(2);
    expect(metricSum(page, "mcpg_instance_dropped_samples_total", 'instance="gw-1"')).toBe(2);
    expect(metricSum(page, "mcpg_ingest_lag_seconds_count", 'instance="gw-1"')).toBe(2);
  });

  it("hides its instance and no other, in every format", async () => {
    const org = await makeOrg();
    await ingest(org, [], { instance_id: "gw-1" });
    await ingest(org, [], { instance_id: "gw-2", final: true });
    expect(await stateOf(org)).toEqual(["online", "departed"]);
    for (const accept of ["text/plain", "application/openmetrics-text"]) {
      const lines = (await scrape(org, "", accept)).split("\n");
      const shown = lines.filter((line) => line.startsWith(`${LAST_REPORT}{`));
      expect(shown).toEqual([expect.stringContaining('instance="gw-1"')]);
    }
  });

  it("is taken back by a later report, of the same life or another, and no counter falls", async () => {
    const next = "2026-11-22T08:00:00.000Z";
    const [again, restarted] = [
      { epoch: EPOCH, seq: 8 },
      { epoch: next, seq: 0 },
    ];
    for (const back of [again, restarted]) {
      const org = await makeOrg();
      await ingest(org, [makeSample()], last);
      await scrape(org);
      await ingest(org, [], back);
      expect([await stateOf(org), await isShown(org)]).toEqual([["online"], true]);
      const page = await scrape(org);
      expect(metricSum(page, "mcpg_instance_dropped_samples_total")).toBe(2);
      expect(metricSum(page, "mcpg_ingest_lag_seconds_count")).toBe(1);
    }
  });

  it("is not taken back by what comes late, reordered or again, which counts all the same", async () => {
    const org = await makeOrg();
    const sample = makeSample();
    await ingest(org, [sample], last);
    await ingest(org, [makeSample()], { epoch: EPOCH, seq: 6 });
    await ingest(org, [], { epoch: "2026-11-22T06:00:00Z", seq: 90 });
    expect(await ingest(org, [sample], last)).toMatchObject({ accepted: 0, duplicates: 1 });
    expect([await stateOf(org), await isShown(org)]).toEqual([["departed"], false]);
    expect(metricSum(await scrape(org), "mcpg_tool_calls_total")).toBe(2);
    // Nor does the goodbye, resent, send away who is back.
    await ingest(org, [], { epoch: EPOCH, seq: 8 });
    await ingest(org, [sample], last);
    expect(await stateOf(org)).toEqual(["online"]);
  });

  it("of an instance that tells neither epoch nor seq stands until its next report", async () => {
    const org = await makeOrg();
    await ingest(org, [], { final: true });
    expect(await stateOf(org)).toEqual(["departed"]);
    await ingest(org, [], { final: null });
    expect(await stateOf(org)).toEqual(["online"]);
  });

  it.each(["true", 1, 0, {}, []])(
    "that is %j is refused, and nothing of its report counts",
    async (final) => {
      const org = await makeOrg();
      const response = await postCalls(org, [makeSample()], { final });
      expect(response.status).toBe(400);
      const { errors } = await problemOf(response);
      expect(errors?.map(({ pointer }) => pointer)).toEqual(["/final"]);
      expect(await stateOf(org)).toEqual([]);
    },
  );
});
