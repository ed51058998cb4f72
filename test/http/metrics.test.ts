import { describe, expect, it } from "vitest";
import { ingest, makeOrg, makeSample, metricSum, scrape } from "../fleet.ts";

describe("GET /metrics", () => {
  it("counts all that an ingest answer acknowledged before it", async () => {
    const org = await makeOrg();
    const samples = [
      makeSample(),
      makeSample({ outcome: "server_error", error_message: "boom 17" }),
      makeSample({ outcome: "idempotent_replay" }),
    ];
    expect(await ingest(org, samples)).toEqual({ accepted: 3, duplicates: 0, rejected: [] });
    const page = await scrape(org);
    expect(metricSum(page, "mcpg_tool_calls_total")).toBe(2);
    expect(metricSum(page, "mcpg_tool_errors_total")).toBe(1);
    expect(metricSum(page, "mcpg_tool_invocations_total", 'outcome="idempotent_replay"')).toBe(1);
  });
});
