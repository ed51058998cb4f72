import { describe, expect, it } from "vitest";
import { requireStatus } from "../harness/answers.ts";
import { ADMIN_TOKEN, call, METRICS_TOKEN } from "../harness/deployment.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";

interface Page {
  orgs: { org: string; tier: string }[];
  next_cursor: string | null;
}

async function list(token: string, query = ""): Promise<Page> {
  return (await requireStatus(200, call("GET", `/v1/orgs${query}`, { token }))).json();
}

describe("GET /v1/orgs", () => {
  it("shows a token its own org, whatever it may do", async () => {
    const org = await makeOrg({ tier: "pro" });
    await makeOrg();
    const { token } = await createToken(org, ["telemetry:write"]);
    expect(await list(token)).toEqual({ orgs: [{ org, tier: "pro" }], next_cursor: null });
  });

  it("shows the administrator all, by name, page by page, but for deleted ones", async () => {
    const names = [await makeOrg(), await makeOrg(), await makeOrg()];
    const gone = await makeOrg();
    await requireStatus(202, call("DELETE", `/v1/orgs/${gone}`));
    const seen: string[] = [];
    for (let query = "?limit=2"; ; ) {
      const { orgs, next_cursor } = await list(ADMIN_TOKEN, query);
      seen.push(...orgs.map(({ org }) => org));
      if (next_cursor === null) break;
      query = `?limit=2&cursor=${next_cursor}`;
    }
    expect(seen).toEqual(expect.arrayContaining([...names, "default"]));
    expect(seen).not.toContain(gone);
    expect(seen).toEqual([...new Set(seen)].sort());
  });

  it("shows the metrics token none", async () => {
    expect(await list(METRICS_TOKEN)).toEqual({ orgs: [], next_cursor: null });
  });
});
