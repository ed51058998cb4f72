import { describe, expect, it } from "vitest";
import { call } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";

const SIMPLE = "permit(principal, action, resource)";

function matching(pattern: string): string {
  return `${SIMPLE} when { "${"a".repeat(1_000)}" like "${pattern}" };`;
}

async function put(policies: string): Promise<{ status: number; message: string | undefined }> {
  const body = { policies, default: "deny" };
  const answer = await call("PUT", `/v1/orgs/${await makeOrg()}/policy`, { body });
  const { errors } = (await answer.json()) as { errors?: { message: string }[] };
  return { status: answer.status, message: errors?.[0]?.message };
}

describe("A policy whose patterns cost more time than a decision may take", () => {
  it.each([
    ["one long pattern", matching(`*${"a".repeat(255)}b`), /pattern of more than 256/],
    ["many wildcards", matching("*a".repeat(129)), /pattern of more than 256/],
    ["many patterns", matching(`*${"a".repeat(254)}b`).repeat(9), /together may have 2048/],
  ])("is refused: %s", async (_, policies, told) => {
    const { status, message } = await put(policies);
    expect(status).toBe(400);
    expect(message).toMatch(told);
  });

  it("is taken where they are as long as they may be", async () => {
    expect((await put(matching(`*${"a".repeat(254)}b`).repeat(8))).status).toBe(200);
  });
});
