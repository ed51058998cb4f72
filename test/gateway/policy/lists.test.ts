import { describe, expect, it } from "vitest";
import { permittedNames } from "#gateway/policy/filter-list.ts";
import type { PolicyTarget, PolicyTool } from "#gateway/policy/question.ts";
import type { Org } from "#orgs/org.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { ALICE, orgNamed, orgWith, putPolicy, questionOf, toolOf } from "./supposed-org.ts";
import { giveTools } from "./supposed-tools.ts";

const READ = toolOf("read", { path: { type: "string" } }, ["path"]);
const WRITE = toolOf("write", { path: { type: "string" } }, ["path"]);
const TOOLS = [READ, WRITE, toolOf("wipe", {})];

async function listed(org: Org, groups: string[], targets: readonly PolicyTarget[]) {
  const { target: _target, arguments: _arguments, ...question } = questionOf(org);
  const caller = { ...ALICE, groups };
  const names = await permittedNames(workerEnv, { ...question, caller }, targets);
  return names === "all" ? names : [...names];
}

const asTargets = (tools: readonly PolicyTool[]): PolicyTarget[] =>
  tools.map((tool) => ({ kind: "tool", name: tool.name, tool }));

async function listedTools(
  policies: string,
  groups: string[] = ["dev"],
  fallback: "deny" | "permit" = "deny",
) {
  const name = await makeOrg();
  giveTools(name, TOOLS);
  const { status, body } = await putPolicy(name, policies, fallback);
  expect([status, body.errors]).toEqual([200, undefined]);
  return listed(await orgNamed(name), groups, asTargets(TOOLS));
}

const CALL = 'action in Mcp::Action::"call"';
const input = (condition: string) => `context has input && context.input has path && ${condition}`;

describe("A list", () => {
  it("is whole where the org has no policy", async () => {
    expect(await listed(await orgNamed(await makeOrg()), [], asTargets(TOOLS))).toBe("all");
  });

  it("shows what some arguments could be permitted", async () => {
    const policies = `permit(principal, ${CALL}, resource == Mcp::Tool::"w/p/read")
      when { ${input('context.input.path like "/pub/*"')} };
      permit(principal, ${CALL}, resource == Mcp::Tool::"w/p/write")
      when { principal in Mcp::Group::"admin" && ${input('context.input.path like "/pub/*"')} };`;
    expect(await listedTools(policies)).toEqual(["read"]);
    expect(await listedTools(policies, ["admin"])).toEqual(["read", "write"]);
  });

  it("does not show what is forbidden whatever the arguments, and shows what some are not", async () => {
    const forbids = `permit(principal, action, resource);
      forbid(principal, ${CALL}, resource == Mcp::Tool::"w/p/read")
      when { ${input('context.input.path like "/etc/*"')} };
      forbid(principal, ${CALL}, resource == Mcp::Tool::"w/p/write")
      unless { principal in Mcp::Group::"admin" && ${input('context.input.path like "/scratch/*"')} };
      forbid(principal, action, resource == Mcp::Tool::"w/p/wipe");`;
    expect(await listedTools(forbids)).toEqual(["read"]);
    expect(await listedTools(forbids, ["admin"], "permit")).toEqual(["read", "write"]);
  });

  it("takes either side of what arguments choose between, and the right one of what they do not", async () => {
    const chosen = (condition: string) =>
      `permit(principal, ${CALL}, resource == Mcp::Tool::"w/p/read") when { ${condition} };`;
    const byInput = `if ${input('context.input.path == "a"')} then principal in Mcp::Group::"x" else principal in Mcp::Group::"dev"`;
    expect(await listedTools(chosen(byInput))).toEqual(["read"]);
    expect(await listedTools(chosen(byInput), ["y"])).toEqual([]);
    const byGroup = `if principal in Mcp::Group::"x" then ${input('context.input.path == "a"')} else false`;
    expect(await listedTools(chosen(byGroup))).toEqual([]);
    expect(await listedTools(chosen(byGroup), ["x"])).toEqual(["read"]);
  });

  it("is asked about as far as a plugin may have tools, and shows nothing behind", async () => {
    const org = await orgWith("permit(principal, action, resource);");
    const targets = Array.from({ length: 1_100 }, (_, at) => ({
      kind: "resource" as const,
      uri: `file:///${at}`,
    }));
    const shown = await listed(org, [], targets);
    expect(shown).toHaveLength(1_024);
    expect(shown.at(-1)).toBe("file:///1023");
  });

  it("shows resources and prompts that may be read", async () => {
    const org = await orgWith(
      `permit(principal, action == Mcp::Action::"read", resource)
       when { resource is Mcp::Resource && resource.uri like "file:///pub/*" };
       permit(principal, action == Mcp::Action::"read", resource == Mcp::Prompt::"w/p/hello");`,
    );
    const targets: PolicyTarget[] = [
      { kind: "resource", uri: "file:///pub/a" },
      { kind: "resource", uri: "file:///etc/passwd" },
      { kind: "prompt", name: "hello" },
      { kind: "prompt", name: "bye" },
    ];
    expect(await listed(org, [], targets)).toEqual(["file:///pub/a", "hello"]);
  });
});
