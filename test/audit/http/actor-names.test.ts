import { describe, expect, it } from "vitest";
import { getJson, requireStatus } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import { appendEvents, auditEntries, EVENT } from "../audit-client.ts";

const found = async (org: string, actor: string) =>
  (await getJson<{ events: unknown[] }>(`/v1/orgs/${org}/audit?actor=${encodeURIComponent(actor)}`))
    .events;

describe("An actor", () => {
  it.each([
    ["user:zoe\u0308", "user:zo\u00eb"],
    [`user:${"😀".repeat(251)}`, `user:${"😀".repeat(251)}`],
    // NFC makes three characters of each of these.
    [`user:${"\u{1D160}".repeat(251)}`, `user:${"\u{1D160}".repeat(251)}`.normalize("NFC")],
  ])("is found by what was reported and by what was stored (%#)", async (reported, stored) => {
    const org = await makeOrg();
    await appendEvents(org, [{ ...EVENT, actor: reported }]);
    expect(await found(org, reported)).toHaveLength(1);
    expect(await found(org, stored)).toHaveLength(1);
  });

  it("of a token is stored in NFC, wherever it is told", async () => {
    const org = await makeOrg();
    const { id, token } = await createToken(org, ["audit:write"], { actor: "service:zoe\u0308" });
    await appendEvents(org, [EVENT], { token });
    const entries = await auditEntries(org);
    const recorded = entries.map(({ event }) => event["recorded_by"]);
    expect(recorded).toContain("service:zo\u00eb");
    const listed = await requireStatus(200, call("GET", `/v1/orgs/${org}/service-tokens`));
    const { service_tokens } = (await listed.json()) as { service_tokens: { actor: string }[] };
    expect(service_tokens.map(({ actor }) => actor)).toEqual(["service:zo\u00eb"]);
    const made = entries.find(({ event }) => event["target"] === `token://${id}`);
    expect(made?.event["details"]).toMatchObject({ actor: "service:zo\u00eb" });
  });
});
