import { describe, expect, it } from "vitest";
import { makeOrg } from "../../harness/orgs.ts";
import { ask, askTool, orgNamed, putPolicy, toolOf } from "./supposed-org.ts";
import { giveTools } from "./supposed-tools.ts";

const READ = toolOf("read", { path: { type: "string" } }, ["path"]);

const forbidding = (pattern: string) => `permit(principal, action, resource);
  forbid(principal, action in Mcp::Action::"call", resource == Mcp::Tool::"w/p/read")
  when { context has input && context.input.path like "${pattern}" };`;

async function orgForbidding(pattern: string) {
  const name = await makeOrg();
  giveTools(name, [READ]);
  expect((await putPolicy(name, forbidding(pattern))).body.errors).toBeUndefined();
  return orgNamed(name);
}

describe("A pattern", () => {
  it("is refused where it would hold up everybody's decisions", async () => {
    const name = await makeOrg();
    giveTools(name, [READ]);
    const { status, body } = await putPolicy(name, forbidding(`*${"a".repeat(20_000)}b`));
    expect([status, body["code"]]).toEqual([400, "invalid_policy"]);
    expect(body.errors).toMatchObject([
      { message: expect.stringContaining("behind their wildcards") },
    ]);
    const many = Array.from({ length: 400 }, (_, at) => forbidding(`*${at}${"a".repeat(60)}`));
    expect((await putPolicy(name, many.join("\n"))).status).toBe(400);
  });

  it("is refused beside a string of the policy's own that is too long for it", async () => {
    const text = `permit(principal, action, resource) when { "${"a".repeat(90_000)}" like "*${"a".repeat(8_000)}b" };`;
    const { body } = await putPolicy(await makeOrg(), text);
    expect(body.errors).toMatchObject([
      { message: expect.stringContaining("too long for its patterns") },
    ]);
  });

  it("is held to texts that are the shorter the longer it is: longer ones are denied unread", async () => {
    const long = await orgForbidding(`*${"a".repeat(1_000)}b`);
    expect(await askTool(long, READ, { path: "c".repeat(30_000) })).toMatchObject({
      isPermitted: true,
    });
    expect(await askTool(long, READ, { path: "c".repeat(40_000) })).toMatchObject({
      isPermitted: false,
    });
    const short = await orgForbidding("/etc/*");
    expect(await askTool(short, READ, { path: "c".repeat(250_000) })).toMatchObject({
      isPermitted: true,
    });
  });

  it("may hold stars and strings that are none of it", async () => {
    const escaped = await orgForbidding(`\\*${"a".repeat(1_000)}`);
    expect(await askTool(escaped, READ, { path: "c".repeat(250_000) })).toMatchObject({
      isPermitted: true,
    });
  });

  it("is held to no name that is longer", async () => {
    const org = await orgForbidding(`*${"a".repeat(1_000)}b`);
    const named = (length: number) => ({
      target: { kind: "resource" as const, uri: "c".repeat(length) },
      action: "read" as const,
    });
    expect((await ask(org, named(30_000))).isPermitted).toBe(true);
    expect((await ask(org, named(40_000))).isPermitted).toBe(false);
  });
});
