/** What passes though policy denies it: nothing. Each row of the table is one way to try. */
import { beforeAll, describe, expect, it } from "vitest";
import type { PolicyCaller, Question } from "#gateway/policy/question.ts";
import type { Org } from "#orgs/org.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { ALICE, ask, askTool, orgNamed, putPolicy, toolOf } from "./supposed-org.ts";
import { giveTools } from "./supposed-tools.ts";

const PAY = toolOf(
  "pay",
  {
    amount: { type: "integer" },
    fee: { type: "number" },
    to: { type: "string" },
    tags: { type: "array", items: { type: "string" } },
    where: {
      type: "object",
      properties: { country: { type: "string" }, zip: { type: "integer" } },
      required: ["country"],
    },
    flag: { type: "boolean" },
    hint: { type: ["string", "null"] },
    __entity: { type: "object", properties: { type: { type: "string" }, id: { type: "string" } } },
  },
  ["amount"],
);

/** Everything that is not forbidden is permitted: whatever slips past a forbid is through. */
const FORBIDS = `
@id("wipe") forbid(principal, action, resource == Mcp::Tool::"w/p/wipe");
@id("named") forbid(principal, action, resource) when { resource is Mcp::Tool && resource.name == "purge" };
@id("big") forbid(principal, action in Mcp::Action::"call", resource == Mcp::Tool::"w/p/pay")
  when { context has input && context.input.amount > 100 };
@id("fee") forbid(principal, action in Mcp::Action::"call", resource == Mcp::Tool::"w/p/pay")
  when { context has input && context.input has fee && context.input.fee.greaterThan(decimal("0.5")) };
@id("to") forbid(principal, action in Mcp::Action::"call", resource == Mcp::Tool::"w/p/pay")
  when { context has input && context.input has to && context.input.to == "eve" };
@id("tags") forbid(principal, action in Mcp::Action::"call", resource == Mcp::Tool::"w/p/pay")
  when { context has input && context.input has tags && context.input.tags.contains("secret") };
@id("where") forbid(principal, action in Mcp::Action::"call", resource == Mcp::Tool::"w/p/pay")
  when { context has input && context.input has where && context.input.where.country == "NK" };
@id("flag") forbid(principal, action in Mcp::Action::"call", resource == Mcp::Tool::"w/p/pay")
  when { context has input && context.input has flag && context.input.flag };
@id("overflow") forbid(principal, action in Mcp::Action::"call", resource == Mcp::Tool::"w/p/pay")
  when { context has input && context.input.amount * 4503599627370496 == -1 };
@id("eve") forbid(principal == Mcp::User::"user:eve@acme", action, resource);
@id("contractors") forbid(principal in Mcp::Group::"contractors", action, resource);
@id("red") forbid(principal, action, resource) when { principal.hasTag("team") && principal.getTag("team") == "red" };
`;

let org: Org;

beforeAll(async () => {
  const name = await makeOrg();
  giveTools(name, [PAY, toolOf("wipe", {}), toolOf("purge", {})]);
  expect((await putPolicy(name, FORBIDS, "permit")).status).toBe(200);
  org = await orgNamed(name);
});

const unlisted = (name: string): Partial<Question> => ({
  target: { kind: "tool", name, tool: null },
});
const nested = (depth: number): unknown =>
  JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);

describe("Under forbids and a default of permit", () => {
  it("what they do not forbid is permitted, so that each denial below is theirs", async () => {
    expect((await askTool(org, PAY, { amount: 1 })).isPermitted).toBe(true);
    const full = { amount: 1, fee: 0.5, to: "bob", tags: ["a"], where: { country: "DE", zip: 1 } };
    expect(await askTool(org, PAY, { ...full, flag: false, hint: null })).toMatchObject({
      isPermitted: true,
      reason: "permitted_by_default",
    });
    expect((await ask(org, unlisted("other"))).isPermitted).toBe(true);
    // Cyrillic: another name to every machine, and no list has it.
    expect((await ask(org, unlisted("wipе"))).isPermitted).toBe(true);
  });

  it.each<[string, unknown]>([
    ["more than the limit", { amount: 101 }],
    ["what makes a forbid overflow, and err", { amount: -9_000_000_000_000 }],
    ["a number in a string", { amount: "1" }],
    ["a fraction where an integer is declared", { amount: 1.5 }],
    ["2^53", { amount: 9007199254740992 }],
    ["more than 64 bits", { amount: 1e30 }],
    ["null", { amount: null }],
    ["a list of one", { amount: [1] }],
    ["a required member left out", {}],
    ["no arguments", undefined],
    ["null for arguments", null],
    ["a list for arguments", [{ amount: 1 }]],
    ["a text for arguments", '{"amount":1}'],
    ["a member by another case", { amount: 1, Amount: 1_000 }],
    ["a member that is not declared", { amount: 1, total: 1_000 }],
    ["a member from the prototype", JSON.parse('{"amount":1,"__proto__":{"amount":1000}}')],
    ["a fee above the limit by its fifth digit", { amount: 1, fee: 0.50001 }],
    ["a fee above the limit", { amount: 1, fee: 0.5001 }],
    ["a fee that Cedar's decimals cannot hold", { amount: 1, fee: 1e15 }],
    ["a fee that is tiny, and might be rounded", { amount: 1, fee: 1e-7 }],
    ["a forbidden text", { amount: 1, to: "eve" }],
    ["a text with a lone surrogate", { amount: 1, to: "eve\ud800" }],
    ["an entity for a text", { amount: 1, to: { __entity: { type: "Mcp::User", id: "x" } } }],
    ["an extension for a text", { amount: 1, to: { __extn: { fn: "ip", arg: "::1" } } }],
    ["an expression for a text", { amount: 1, to: { __expr: "true" } }],
    ["an entity for an integer", { amount: { __extn: { fn: "decimal", arg: "1.0" } } }],
    ["a list with a forbidden element", { amount: 1, tags: ["a", "secret"] }],
    ["a list with a null", { amount: 1, tags: ["a", null] }],
    ["a list with an entity", { amount: 1, tags: [{ __entity: { type: "a", id: "b" } }] }],
    ["a list of 20,000", { amount: 1, tags: Array(20_000).fill("a") }],
    ["a text of a megabyte", { amount: 1, to: "a".repeat(1_000_000) }],
    ["a forbidden member of a member", { amount: 1, where: { country: "NK" } }],
    ["an undeclared member of a member", { amount: 1, where: { country: "DE", Country: "NK" } }],
    ["an entity for a record", { amount: 1, where: { __entity: { type: "a", id: "b" } } }],
    ["a record 5,000 deep", { amount: 1, where: nested(5_000) }],
    ["a text for true", { amount: 1, flag: "true" }],
    ["one for true", { amount: 1, flag: 1 }],
  ])("a call with %s is denied", async (_what, args) => {
    expect((await askTool(org, PAY, args)).isPermitted).toBe(false);
    // And it broke nothing.
    expect((await askTool(org, PAY, { amount: 1 })).isPermitted).toBe(true);
  });

  it("a declared member that Cedar would take for an entity is read as no member at all", async () => {
    const args = { amount: 1, __entity: { type: "Mcp::User", id: "user:root" } };
    expect((await askTool(org, PAY, args)).isPermitted).toBe(true);
    expect((await askTool(org, PAY, { ...args, amount: 101 })).isPermitted).toBe(false);
  });

  it.each([
    ["the tool's name", "wipe"],
    ["in capitals", "WIPE"],
    ["in mixed case", "Wipe"],
    ["in full-width letters", "ｗｉｐｅ"],
    ["with a blank behind it", "wipe "],
    ["with a line end behind it", "wipe\n"],
    ["with a zero-width space in it", "wi\u200bpe"],
    ["with a soft hyphen in it", "wi\u00adpe"],
    ["with a byte-order mark", "\ufeffwipe"],
    ["with a ligature", "wipe".replace("w", "ｗ")],
    ["with a lone surrogate", "wipe\ud800"],
  ])("a tool that is forbidden is, called by %s", async (_what, name) => {
    expect((await ask(org, unlisted(name))).isPermitted).toBe(false);
  });

  it("a tool that is forbidden by its name is, listed or not", async () => {
    expect((await ask(org, unlisted("purge"))).isPermitted).toBe(false);
    expect((await askTool(org, toolOf("purge", {}), {})).isPermitted).toBe(false);
  });

  it.each<[string, Partial<PolicyCaller>]>([
    ["who is", { actor: "user:eve@acme" }],
    ["in a group that is", { groups: ["dev", "contractors"] }],
    ["whose claim is", { tags: { team: "red" } }],
    ["whose name has a lone surrogate", { actor: "user:\ud800" }],
    ["whose group has a lone surrogate", { groups: ["\udfff"] }],
    ["whose claim has a lone surrogate", { tags: { x: "\ud800" } }],
  ])("nobody %s forbidden calls anything", async (_what, caller) => {
    const asked = { caller: { ...ALICE, ...caller }, ...unlisted("other") };
    expect((await ask(org, asked)).isPermitted).toBe(false);
  });

  it("a plugin that declares its tool's types anew moves no limit out of sight", async () => {
    for (const amount of [
      { type: "string" },
      { type: "number" },
      { type: ["integer", "null"] },
      { type: "array", items: { type: "integer" } },
      {},
    ]) {
      const changed = toolOf("pay", { amount });
      for (const value of [1_000, "1000", [1_000], 1_000.5]) {
        expect((await askTool(org, changed, { amount: value })).isPermitted).toBe(false);
      }
    }
    expect((await askTool(org, toolOf("pay", {}), {})).isPermitted).toBe(false);
    const limited = { amount: { type: "integer" } };
    for (const to of [{ type: ["string", "null"] }, {}, { $ref: "#/x" }, { type: "object" }]) {
      const changed = toolOf("pay", { ...limited, to });
      expect((await askTool(org, changed, { amount: 1, to: "eve" })).isPermitted).toBe(false);
      expect((await askTool(org, changed, { amount: 1 })).isPermitted).toBe(true);
    }
  });
});

describe("Under permits and a default of deny", () => {
  it("arguments that cannot be read permit nothing that a permit reads them for", async () => {
    const name = await makeOrg();
    giveTools(name, [PAY]);
    const put = await putPolicy(
      name,
      `permit(principal, action in Mcp::Action::"call", resource == Mcp::Tool::"w/p/pay")
       when { context has input && !(context.input.amount > 100) };
       permit(principal, action, resource == Mcp::Tool::"w/p/free");`,
    );
    expect(put.status).toBe(200);
    const strict = await orgNamed(name);
    expect((await askTool(strict, PAY, { amount: 100 })).isPermitted).toBe(true);
    for (const args of [{}, null, { amount: 1.5 }, { amount: 1, x: 1 }, { amount: "1" }]) {
      expect((await askTool(strict, PAY, args)).isPermitted).toBe(false);
    }
    expect((await ask(strict, unlisted("pay"))).isPermitted).toBe(false);
    // A permit that reads none is none of their business.
    expect((await askTool(strict, toolOf("free", {}), { x: null })).isPermitted).toBe(true);
  });

  it("no two tools share an id, whatever slashes and quotes their names hold", async () => {
    const name = await makeOrg();
    const put = await putPolicy(
      name,
      `permit(principal, action, resource == Mcp::Tool::"w/a/b/c");
       permit(principal, action, resource in Mcp::Plugin::"w/x%2Fy");`,
    );
    expect(put.status).toBe(200);
    const strict = await orgNamed(name);
    const permitted = (workspace: string, plugin: string, tool: string) =>
      ask(strict, {
        workspace,
        plugin,
        target: { kind: "tool", name: tool, tool: toolOf(tool, {}) },
      }).then(({ isPermitted }) => isPermitted);
    expect(await permitted("w", "a", "b/c")).toBe(true);
    expect(await permitted("w", "a/b", "c")).toBe(false);
    expect(await permitted("w/a", "b", "c")).toBe(false);
    expect(await permitted("w", "x/y", "t")).toBe(true);
    expect(await permitted("w", "x", "y/t")).toBe(false);
    expect(await permitted("w/x", "y", "t")).toBe(false);
    expect(await permitted("w", "x%2Fy", "t")).toBe(false);
    expect(await permitted("w", "a", 'b/c"; permit')).toBe(false);
  });
});
