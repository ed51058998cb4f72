import { describe, expect, it } from "vitest";
import { getJson } from "../../harness/answers.ts";
import { ingest, makeSample, metricSum, scrape } from "../../harness/calls.ts";
import { makeOrg } from "../../harness/orgs.ts";

interface ListedCall {
  id: string;
  tool: string;
  counted_as: string | null;
}

describe("GET /invocations?tool=__unknown__", () => {
  it("has all that was acknowledged before it, as many as the next scrape counts", async () => {
    const org = await makeOrg();
    const path = `/v1/orgs/${org}/invocations`;
    const unknown = (tool: string) =>
      makeSample({ tool, outcome: "client_error", error_code: "-32601" });
    await ingest(org, [makeSample(), ...["x", "y", "z"].map(unknown)]);
    const listed = async (query: string) =>
      (await getJson<{ invocations: ListedCall[] }>(`${path}${query}`)).invocations;
    const calls = await listed("?tool=__unknown__&plugin=github");
    expect(calls.map(({ tool }) => tool).sort()).toEqual(["x", "y", "z"]);
    expect(new Set(calls.map(({ counted_as }) => counted_as))).toEqual(new Set(["__unknown__"]));
    const page = await scrape(org);
    expect(metricSum(page, "mcpg_tool_calls_total", 'tool="__unknown__"')).toBe(3);
    const own = await listed("?tool=list_repos");
    expect(own.map(({ counted_as }) => counted_as)).toEqual([null]);
    const one = await getJson<ListedCall>(`${path}/${calls[0]?.id}`);
    expect(one).toMatchObject({ tool: calls[0]?.tool, counted_as: "__unknown__" });
    expect(await listed("?tool=__other__")).toEqual([]);
  });
});
