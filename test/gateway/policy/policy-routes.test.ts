import { describe, expect, it } from "vitest";
import { auditJson } from "../../audit/audit-client.ts";
import { problemOf, requireStatus } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import { ask, askTool, orgNamed, orgWith, putPolicy, toolOf } from "./supposed-org.ts";
import { giveTools } from "./supposed-tools.ts";

const ALL = "permit(principal, action, resource);";
const PAY = toolOf("pay", { amount: { type: "integer" }, fee: { type: "number" } }, ["amount"]);

function check(org: string, body: object): Promise<Record<string, unknown>> {
  const asked = { principal: "user:alice@acme", workspace: "w", plugin: "p", tool: "t", ...body };
  const answer = requireStatus(200, call("POST", `/v1/orgs/${org}/policy/check`, { body: asked }));
  return answer.then((response) => response.json());
}

interface Entries {
  events: { event: { action: string; target: string; details: Record<string, string> } }[];
}

describe("PUT /policy", () => {
  it("puts a policy in force at once, and GET gives it back with its hash", async () => {
    const org = await makeOrg();
    expect((await call("GET", `/v1/orgs/${org}/policy`)).status).toBe(404);
    const { body } = await putPolicy(org, ALL);
    expect(body).toEqual({
      policies: ALL,
      default: "deny",
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      policy_ids: ["policy0"],
      warnings: [],
    });
    const stored = await requireStatus(200, call("GET", `/v1/orgs/${org}/policy`));
    expect(await stored.json()).toEqual({ policies: ALL, default: "deny", hash: body.hash });
    expect(await ask(await orgNamed(org))).toMatchObject({ policySet: body.hash });
    const changed = await putPolicy(org, "", "deny");
    expect(changed.body.hash).not.toBe(body.hash);
    expect(await ask(await orgNamed(org))).toMatchObject({
      isPermitted: false,
      policySet: changed.body.hash,
    });
  });

  it("refuses a policy that would keep the engine for long, and takes the half of it", async () => {
    const org = await makeOrg();
    const among = (count: number) =>
      `permit(principal, action, resource) when { [${Array(count).fill(1).join()}].contains(1) };`;
    expect((await putPolicy(org, among(4_900))).status).toBe(200);
    const { status, body } = await putPolicy(org, among(5_100));
    expect([status, body["code"]]).toEqual([400, "invalid_policy"]);
    expect(body.errors).toMatchObject([{ policy_id: "policy0", line: 1 }]);
  });

  it("records each change with the hash before and after, and no change as none", async () => {
    const org = await makeOrg();
    const first = await putPolicy(org, ALL);
    await putPolicy(org, ALL);
    const second = await putPolicy(org, ALL, "permit");
    const { events } = await auditJson<Entries>(org, "?action=operator.policy.updated");
    expect(events.map(({ event }) => [event.target, event.details])).toEqual([
      [
        `policy://${org}`,
        expect.objectContaining({
          policy_set: second.body.hash,
          policy_set_before: first.body.hash,
          default: "permit",
        }),
      ],
      [
        `policy://${org}`,
        expect.objectContaining({ policy_set: first.body.hash, policy_set_before: "none" }),
      ],
    ]);
  });

  it("of two at once records what holds in the end as the last, from the hash that the other left", async () => {
    const org = await makeOrg();
    const texts = ["a", "b", "c", "d"].map((id) => `@id("${id}") ${ALL}`);
    const put = await Promise.all(texts.map((text) => putPolicy(org, text)));
    const stored = await (await call("GET", `/v1/orgs/${org}/policy`)).json<{ hash: string }>();
    const { events } = await auditJson<Entries>(org, "?action=operator.policy.updated");
    const hashes = events.map(({ event }) => event.details["policy_set"]);
    const before = events.map(({ event }) => event.details["policy_set_before"]);
    expect(put.filter(({ status }) => status === 200)).toHaveLength(events.length);
    expect(put.every(({ status }) => status === 200 || status === 409)).toBe(true);
    expect(hashes[0]).toBe(stored.hash);
    expect(before).toEqual([...hashes.slice(1), "none"]);
  });

  it("tells where a text does not parse: line, column, and offset in its UTF-8 bytes", async () => {
    const org = await makeOrg();
    const text = `// ключ\n${ALL}\nforbid(principal, action resource);`;
    const { status, body } = await putPolicy(org, text);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: "invalid_policy" });
    const offset = new TextEncoder().encode(text.slice(0, text.indexOf("resource);", 50))).length;
    expect(body.errors?.[0]).toMatchObject({
      pointer: "/policies",
      line: 3,
      column: 26,
      offset,
    });
    expect((await call("GET", `/v1/orgs/${org}/policy`)).status).toBe(404);
  });

  it("tells which policy does not validate, where, and what to do about it", async () => {
    const org = await makeOrg();
    giveTools(org, [PAY]);
    const text = `${ALL}
@id("limit") forbid(principal, action == Mcp::Action::"w/p/pay", resource) when { context.input.amuont > 5 };`;
    const { status, body } = await putPolicy(org, text);
    expect(status).toBe(400);
    const at = text.indexOf("context.input.amuont");
    expect(body.errors?.[0]).toMatchObject({
      policy_id: "limit",
      help: expect.stringContaining("amount"),
      offset: at,
      line: 2,
      end_offset: at + "context.input.amuont".length,
    });
  });

  it.each([
    ["an entity type that is none", "permit(principal is Mcp::Person, action, resource);"],
    ["an attribute that is none", "permit(principal, action, resource) when { principal.admin };"],
    ["a type error", 'forbid(principal, action, resource) when { context.now > "2026" };'],
    [
      "an optional attribute unguarded",
      'permit(principal, action, resource) when { context.clientId == "x" };',
    ],
    [
      "a client's word for itself",
      'permit(principal, action, resource) when { context.clientInfo == "x" };',
    ],
    [
      "an action of a tool that there is not",
      'permit(principal, action == Mcp::Action::"w/p/nope", resource);',
    ],
    ["a template", "permit(principal == ?principal, action, resource);"],
    ["the same @id twice", `@id("a") ${ALL} @id("a") ${ALL}`],
    ["an @id that a nameless policy has", `${ALL} @id("policy0") ${ALL}`],
    ["an @id that is no name", `@id("a b") ${ALL}`],
    ["an empty @reason", `@reason("") ${ALL}`],
    ["an obligation", `@obligation("redact") ${ALL}`],
    ["a shadow policy", `@shadow("true") ${ALL}`],
    ["an approval", `@approval("manager") ${ALL}`],
    ["an unknown annotation", `@redact("$.card") ${ALL}`],
    [
      "an integer that doubles do not hold",
      "permit(principal, action, resource) when { 9007199254740993 > 1 };",
    ],
    ["NUL", `${ALL} // \0`],
    ["501 policies", ALL.repeat(501)],
    ["more than 128 KiB", `${ALL} // ${"é".repeat(66_000)}`],
  ])("refuses %s, and what was in force stays", async (_what, text) => {
    const org = await makeOrg();
    const { body } = await putPolicy(org, ALL);
    const { status, body: told } = await putPolicy(org, text);
    expect([status, told["code"]]).toEqual([400, "invalid_policy"]);
    expect(told.errors?.[0]?.["message"]).toEqual(expect.any(String));
    const stored = await (await call("GET", `/v1/orgs/${org}/policy`)).json();
    expect(stored).toMatchObject({ hash: body.hash });
  });

  it("refuses what is nested too deep for Cedar, in whichever way, and other orgs' decisions go on", async () => {
    const org = await orgWith(ALL);
    const attacker = await makeOrg();
    const nested = (depth: number) => [
      `${"(".repeat(depth)}true${")".repeat(depth)}`,
      `${"!(".repeat(depth)}true${")".repeat(depth)}`,
      `${"[".repeat(depth)}1${"]".repeat(depth)} == 1`,
      `${"{a:".repeat(depth)}1${"}".repeat(depth)} == 1`,
      `context${".a".repeat(depth)} == 1`,
      Array(depth).fill("true").join(" && "),
      Array(depth).fill("principal == resource").join(" || "),
      `${Array(depth).fill("1").join("+")} > 1`,
      `${Array(depth).fill("1").join("-")} > 1`,
      `${"-(".repeat(depth)}1${")".repeat(depth)} > 1`,
      `${"if true then ".repeat(depth)}true${" else true".repeat(depth)}`,
      `${"if true then true else ".repeat(depth)}true`,
      `decimal("1.0")${'.lessThan(decimal("1.0"))'.repeat(depth)}`,
      `"//" == "${"(".repeat(3)}" && // )\r${"(".repeat(depth)}true${")".repeat(depth)}`,
    ];
    for (const condition of [...nested(100), ...nested(2_000)]) {
      const text = `permit(principal, action, resource) when { ${condition} };`;
      const { status } = await putPolicy(attacker, text);
      expect([status, condition.slice(0, 40)]).toEqual([400, condition.slice(0, 40)]);
      expect((await ask(org)).isPermitted).toBe(true);
    }
  });

  it("warns of an action == call, which is not every call", async () => {
    const org = await makeOrg();
    const { status, body } = await putPolicy(
      org,
      'forbid(principal, action == Mcp::Action::"call", resource);',
    );
    expect(status).toBe(200);
    expect(body["warnings"]).toMatchObject([{ policy_id: "policy0", line: 1 }]);
  });
});

describe("POST /policy/check", () => {
  it("says what decides and why, for the groups that it is told of", async () => {
    const org = await makeOrg();
    await putPolicy(
      org,
      `@id("devs") @reason("developers may") permit(principal in Mcp::Group::"dev", action, resource);`,
    );
    expect(await check(org, { groups: ["dev"] })).toMatchObject({
      decision: "permit",
      policies: ["devs"],
      reasons: ["developers may"],
      errors: [],
    });
    expect(await check(org, {})).toMatchObject({
      decision: "deny",
      policies: [],
      reasons: ["no_policy_permits"],
    });
  });

  it("reads the arguments as the tool's schema types them", async () => {
    const org = await makeOrg();
    giveTools(org, [PAY]);
    const put = await putPolicy(
      org,
      `${ALL} @id("limit") forbid(principal, action == Mcp::Action::"w/p/pay", resource)
       when { context.input.amount > 100 };
       @id("fee") forbid(principal, action == Mcp::Action::"w/p/pay", resource)
       when { context.input has fee && context.input.fee.greaterThan(decimal("0.5")) };`,
    );
    expect(put.status).toBe(200);
    const pay = (args: unknown) => check(org, { tool: "pay", arguments: args });
    expect(await pay({ amount: 100 })).toMatchObject({ decision: "permit" });
    expect(await pay({ amount: 101 })).toMatchObject({ decision: "deny", policies: ["limit"] });
    expect(await pay({ amount: 1, fee: 0.5 })).toMatchObject({ decision: "permit" });
    expect(await pay({ amount: 1, fee: 0.5001 })).toMatchObject({ policies: ["fee"] });
  });

  it("tells the asker what could not be evaluated, and a decision tells nothing of it", async () => {
    const org = await makeOrg();
    giveTools(org, [PAY]);
    const put = await putPolicy(
      org,
      `${ALL} @id("sum") forbid(principal, action == Mcp::Action::"w/p/pay", resource)
       when { context.input.amount * 9007199254740991 < 0 };`,
    );
    expect(put.status).toBe(200);
    const told = await check(org, { tool: "pay", arguments: { amount: 7654321 } });
    expect(told).toMatchObject({
      decision: "deny",
      policies: ["sum"],
      reasons: ["evaluation_failed"],
      errors: [{ policy_id: "sum", message: expect.stringContaining("7654321") }],
    });
    const decision = await askTool(await orgNamed(org), PAY, { amount: 7654321 });
    expect(decision).toMatchObject({ isPermitted: false, reason: "evaluation_failed" });
    expect(JSON.stringify(decision)).not.toContain("7654321");
  });

  it("is for org:admin alone, and another org's is not there", async () => {
    const [org, other] = [await orgWith(ALL), await makeOrg()];
    const { token } = await createToken(org.org, ["tools:call", "audit:read"]);
    const body = { principal: "user:a", workspace: "w", plugin: "p", tool: "t" };
    const path = `/v1/orgs/${org.org}/policy/check`;
    expect((await call("POST", path, { token, body })).status).toBe(403);
    const { token: strange } = await createToken(other, ["org:admin"]);
    expect(await problemOf(call("POST", path, { token: strange, body }))).toMatchObject({
      status: 404,
    });
  });
});
