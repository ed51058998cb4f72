import { describe, expect, it } from "vitest";
import { getJson } from "../../harness/answers.ts";
import { ingest, makeSample, metricSum, scrape } from "../../harness/calls.ts";
import { makeOrg } from "../../harness/orgs.ts";

describe("GET /series", () => {
  it("tells what the gauges tell, of all that is acknowledged, without what is beyond the cap", async () => {
    const org = await makeOrg({ limits: { series_max: 2 } });
    const tools = ["list_repos", "create_issue", "one_too_many"];
    await ingest(
      org,
      tools.map((tool) => makeSample({ tool })),
    );
    const use = await getJson<Record<string, number>>(`/v1/orgs/${org}/series`);
    const page = await scrape(org);
    expect(use).toEqual({
      series: metricSum(page, "mcpg_series"),
      series_limit: metricSum(page, "mcpg_series_limit"),
      label_bytes: metricSum(page, "mcpg_series_label_bytes"),
      label_bytes_limit: metricSum(page, "mcpg_series_label_bytes_limit"),
    });
    expect(use).toMatchObject({ series: 2, series_limit: 2 });
  });
});
