import { describe, expect, it } from "vitest";
import { makeOrg } from "../../harness/orgs.ts";
import { ask, askTool, orgNamed, orgWith, putPolicy, toolOf } from "./supposed-org.ts";

const PAY = toolOf("pay", { amount: { type: "integer" }, note: { type: "string" } }, ["amount"]);

describe("Without a policy", () => {
  it("every call is permitted, and its decision says that there is none", async () => {
    const org = await orgNamed(await makeOrg());
    expect(await ask(org)).toEqual({
      isPermitted: true,
      policySet: "none",
      policies: [],
      reason: "no_policy_set",
    });
  });
});

describe("A policy", () => {
  it("permits what a permit matches, and names it by its id and reason", async () => {
    const org = await orgWith(
      `@id("devs") @reason("developers may call")
       permit(principal in Mcp::Group::"dev", action in Mcp::Action::"call", resource in Mcp::Plugin::"w/p");`,
    );
    const decision = await ask(org);
    expect(decision).toMatchObject({
      isPermitted: true,
      policies: ["devs"],
      reason: "developers may call",
    });
    expect(decision.policySet).toMatch(/^[0-9a-f]{64}$/);
    expect(await ask(org, { plugin: "q" })).toMatchObject({
      isPermitted: false,
      policies: [],
      reason: "no_policy_permits",
    });
  });

  it("that forbids overrides every permit", async () => {
    const org = await orgWith(
      `permit(principal, action, resource);
       @id("no") forbid(principal, action, resource == Mcp::Tool::"w/p/t");`,
      "permit",
    );
    expect(await ask(org)).toMatchObject({
      isPermitted: false,
      policies: ["no"],
      reason: "forbidden_by_policy",
    });
    const tool = toolOf("other", {});
    expect(await askTool(org, tool, {})).toMatchObject({
      isPermitted: true,
      policies: ["policy0"],
    });
  });

  it("reads arguments by the types that the tool declares", async () => {
    const name = await makeOrg();
    const put = await putPolicy(
      name,
      `@id("small") permit(principal, action, resource == Mcp::Tool::"w/p/pay")
       when { context has input && context.input.amount <= 100 };`,
    );
    expect(put).toMatchObject({ status: 200 });
    const org = await orgNamed(name);
    expect(await askTool(org, PAY, { amount: 100 })).toMatchObject({ isPermitted: true });
    expect(await askTool(org, PAY, { amount: 101 })).toMatchObject({ isPermitted: false });
  });
});
